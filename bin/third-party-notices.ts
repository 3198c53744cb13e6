import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The licences of the packages of which something is in our bundles, as most of them ask for.
 * @param files as esbuild's metafile names its inputs, from `project`
 */
export async function thirdPartyNotices(project: string, files: ReadonlySet<string>): Promise<string> {
  const folders = new Set([...files].map(packageFolder).filter((folder) => folder !== undefined));
  // Many packages share one text.
  const packagesByLicence = new Map<string, string[]>();
  for (const folder of [...folders].sort()) {
    const { title, licence } = await readLicence(join(project, folder));
    packagesByLicence.set(licence, [...(packagesByLicence.get(licence) ?? []), title]);
  }
  const notices = [...packagesByLicence].map(([licence, titles]) => `${titles.join('\n')}\n\n${licence}`);
  return ['The Lambda functions in this package contain code of these packages.', ...notices].join('\n\n---\n\n');
}

function packageFolder(file: string): string | undefined {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
}

async function readLicence(folder: string): Promise<{ readonly title: string; readonly licence: string }> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|notice)/i.test(file)).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return { title: `${name} ${version}`, licence: [license, ...texts.map((text) => text.trim())].join('\n\n') };
}
