import { execFileSync } from 'node:child_process';
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { bundleOptions, entries } from '../lib/bundle.ts';
import { compileCommittedScripts } from './committed-scripts.ts';

/** `npm run build`, also run before each `npm pack`: compiles the npm packages into their `dist` folders, and the committed scripts. */
const project = join(import.meta.dirname, '..');
const dist = join(project, 'dist');

/** The npm package replaces two files that only work in a checkout. */
const packageReplacements: Plugin = {
  name: 'package replacements',
  setup({ onResolve }) {
    onResolve({ filter: /\/bundle\.ts$/ }, ({ resolveDir }) => ({ path: join(resolveDir, 'packaged.ts') }));
    const path = 'session-socket-local/command';
    onResolve({ filter: /\/local\/command\/run\.ts$/ }, () => ({ path, external: true }));
  },
};

const builds: Readonly<Record<string, () => Promise<void>>> = {
  'session-socket': buildConstruct,
  'session-socket-local': buildLocalCloud,
  'committed-scripts': writeCommittedScripts,
};
const [name] = process.argv.slice(2);
if (name !== undefined && !Object.hasOwn(builds, name))
  throw new Error(`Unknown build target "${name}". Use ${Object.keys(builds).join(', ')}.`);
for (const [each, run] of Object.entries(builds)) if (name === undefined || name === each) await run();

/** The construct as CommonJS, which both CommonJS and ESM apps can load, its bundled Lambdas, and the command. */
async function buildConstruct(): Promise<void> {
  await rm(dist, { recursive: true, force: true });
  compile('lib/tsconfig.build.json');
  await rewriteDeclarationImports(dist);
  const ours: BuildOptions = {
    absWorkingDir: project,
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node20',
    sourcemap: true,
    plugins: [packageReplacements],
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

/** The local cloud as unbundled ES modules, because it reads some of its own files at runtime. */
async function buildLocalCloud(): Promise<void> {
  const [source, target] = [join(project, 'local'), join(project, 'local/dist')];
  await rm(target, { recursive: true, force: true });
  compile('local/tsconfig.build.json');
  await rewriteDeclarationImports(target);
  await build({
    absWorkingDir: source,
    entryPoints: ['inspector/page/page.ts', 'inspector/page/page.css'],
    outdir: join(target, 'inspector/page'),
    bundle: true,
    platform: 'browser',
    format: 'esm',
    charset: 'utf8',
    logLevel: 'warning',
  });
  for (const asset of ['inspector/page/page.html', 'inspector/page/icon.svg', 'lambda/runtime/loader.cjs']) {
    await cp(join(source, asset), join(target, asset));
  }
}

async function writeCommittedScripts(): Promise<void> {
  for (const [file, text] of await compileCommittedScripts()) await writeFile(join(project, file), text);
}

function compile(config: string): void {
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', config], { cwd: project, stdio: 'inherit' });
}

/** TypeScript keeps `./x.ts` in declarations, but the package has only `./x.d.ts`, which `./x.js` resolves to. */
async function rewriteDeclarationImports(folder: string): Promise<void> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.d.ts'));
  for (const file of files.map((each) => join(folder, each))) {
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace(/((?:from|import)\s*\(?['"]\.[^'"]*)\.ts(?=['"])/g, '$1.js'));
  }
}

/**
 * The licences of the packages whose code is in our bundles: most licences require a copy.
 * @param files as esbuild's metafile names its inputs, from `project`
 */
async function thirdPartyNotices(project: string, files: ReadonlySet<string>): Promise<string> {
  const folders = new Set([...files].map(packageFolder).filter((folder) => folder !== undefined));
  // Many packages share one licence text.
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
