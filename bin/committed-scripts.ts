import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const project = join(import.meta.dirname, '..');
const sources = [
  'client/pusher-tickets.ts',
  ...['element', 'home', 'private', 'room', 'socket'].map((name) => `php/demo/assets/${name}.ts`),
];
/** Only the npm package needs declarations. */
const outputs = [...sources.map((source) => source.replace(/\.ts$/, '.js')), 'client/pusher-tickets.d.ts'];

/** `npm run types` already checks them. */
const compilerOptions = ['--target', 'es2023', '--module', 'preserve', '--declaration', '--noCheck'];

/**
 * Users read, paste or serve these scripts without a build, so their JavaScript is committed beside the TypeScript.
 * The TypeScript compiler writes it, because esbuild drops comments.
 * @returns the expected content of each file, by its path in the project
 */
export async function compileCommittedScripts(): Promise<ReadonlyMap<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), 'session-socket-scripts-'));
  try {
    for (const source of sources) {
      await mkdir(dirname(join(folder, source)), { recursive: true });
      await writeFile(join(folder, source), markEmptyLines(await readFile(join(project, source), 'utf8')));
    }
    run('typescript', 'bin/tsc', [...compilerOptions, '--rewriteRelativeImportExtensions', ...sources], folder);
    for (const output of outputs) {
      const compiled = await readFile(join(folder, output), 'utf8');
      await writeFile(join(folder, output), emptyMarkedLines(compiled));
    }
    run(
      '@biomejs/biome',
      'bin/biome',
      ['format', '--write', '--vcs-enabled=false', `--config-path=${project}`],
      folder,
    );
    const texts = outputs.map(async (output) => [output, await readFile(join(folder, output), 'utf8')] as const);
    return new Map(await Promise.all(texts));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The compiler keeps comments but drops empty lines. */
const mark = '// an empty line';
const markEmptyLines = (text: string) => text.replaceAll('\n\n', `\n${mark}\n`);
const emptyMarkedLines = (text: string) => text.replaceAll(new RegExp(`^ *${mark}$`, 'gm'), '');

function run(name: string, program: string, words: readonly string[], cwd: string): void {
  const path = join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), program);
  execFileSync(process.execPath, [path, ...words], { cwd });
}
