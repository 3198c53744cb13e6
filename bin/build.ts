import { execFileSync } from 'node:child_process';
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { bundleOptions, entries } from '../lib/bundle.ts';

/** `npm run build`, and before each `npm pack`: compiles what the npm packages hold into their `dist` folders. */
const project = join(import.meta.dirname, '..');
const dist = join(project, 'dist');

/** In the package other files take the place of two that only a checkout can use. */
const ofThePackage: Plugin = {
  name: 'of the package',
  setup({ onResolve }) {
    onResolve({ filter: /\/bundle\.ts$/ }, ({ resolveDir }) => ({ path: join(resolveDir, 'packaged.ts') }));
    const path = 'session-socket-local/command';
    onResolve({ filter: /\/local\/command\/run\.ts$/ }, () => ({ path, external: true }));
  },
};

const builds: Readonly<Record<string, () => Promise<void>>> = {
  'session-socket': buildConstruct,
  'session-socket-local': buildLocalCloud,
};
const [name] = process.argv.slice(2);
if (name !== undefined && !Object.hasOwn(builds, name)) throw new Error(`There is no package ${name} to build.`);
for (const [each, run] of Object.entries(builds)) if (name === undefined || name === each) await run();

/** The construct as CommonJS, which CDK apps of both kinds can load, its Lambdas as they are deployed, and the command. */
async function buildConstruct(): Promise<void> {
  await rm(dist, { recursive: true, force: true });
  compile('lib/tsconfig.build.json');
  await nameJavaScript(dist);
  const ours: BuildOptions = {
    absWorkingDir: project,
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node20',
    sourcemap: true,
    plugins: [ofThePackage],
    logLevel: 'warning',
  };
  await build({ ...ours, entryPoints: ['lib/index.ts'], format: 'cjs', outfile: join(dist, 'lib/index.js') });
  await build({ ...ours, entryPoints: ['bin/cli.ts'], format: 'esm', outfile: join(dist, 'bin/cli.mjs') });
  await writeFile(join(dist, 'package.json'), '{ "type": "commonjs" }\n');

  const files = new Set<string>();
  for (const entry of entries) {
    const outfile = join(dist, 'functions', entry, 'index.js');
    const { metafile } = await build({ ...bundleOptions(entry), absWorkingDir: project, outfile, metafile: true });
    for (const file of Object.keys(metafile.inputs)) files.add(file);
  }
  await writeFile(join(dist, 'THIRD-PARTY-NOTICES.txt'), await thirdPartyNotices(project, files));
}

/** The local cloud as ES modules, file by file: it reads some of its files when it runs. */
async function buildLocalCloud(): Promise<void> {
  const [source, target] = [join(project, 'local'), join(project, 'local/dist')];
  await rm(target, { recursive: true, force: true });
  compile('local/tsconfig.build.json');
  await nameJavaScript(target);
  for (const asset of ['inspector/page', 'lambda/runtime/loader.cjs']) {
    await cp(join(source, asset), join(target, asset), { recursive: true });
  }
}

function compile(config: string): void {
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', config], { cwd: project, stdio: 'inherit' });
}

/** TypeScript leaves `./x.ts` in declarations as it is, and there is only `./x.d.ts`, which `./x.js` leads to. */
async function nameJavaScript(folder: string): Promise<void> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.d.ts'));
  for (const file of files.map((each) => join(folder, each))) {
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace(/((?:from|import)\s*\(?['"]\.[^'"]*)\.ts(?=['"])/g, '$1.js'));
  }
}

/**
 * The licences of the packages of which something is in our bundles, as most of them ask for.
 * @param files as esbuild's metafile names its inputs, from `project`
 */
async function thirdPartyNotices(project: string, files: ReadonlySet<string>): Promise<string> {
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
