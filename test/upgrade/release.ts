import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

const project = join(import.meta.dirname, '..', '..');

/** The folder of a release's Lambdas, bundled as they were deployed: `authorizer/index.js` and so on. */
export type ReleaseBundles = { readonly folder: string } | { readonly missing: string };

/**
 * The Lambdas of a release, built from the commit that made it with the packages of its lock file. They are kept in
 * node_modules/.cache, not in the repository: three megabytes that this script makes anew, byte for byte.
 * @param version as in the subject of its commit, `release: 0.1.0`
 * @returns why not, where the history does not reach back to it
 */
export function bundlesOf(version: string): ReleaseBundles {
  const commit = commitOf(version);
  if (commit === undefined) return { missing: `The commit of release ${version} is not in this clone's history.` };
  const cache = join(project, 'node_modules/.cache/session-socket');
  const folder = join(cache, `${version}-${commit}`);
  if (!existsSync(folder)) build(commit, cache, folder);
  return { folder };
}

function commitOf(version: string): string | undefined {
  const pattern = `^release: ${version.replaceAll('.', '\\.')}$`;
  try {
    const found = git('log', '--max-count=1', '--format=%H', `--grep=${pattern}`).toString().trim();
    return found === '' ? undefined : found;
  } catch {
    return undefined; // no clone at all, but an archive of one
  }
}

/** As it was built to be published. */
function build(commit: string, cache: string, folder: string): void {
  mkdirSync(cache, { recursive: true });
  const source = mkdtempSync(join(cache, 'building-'));
  try {
    execFileSync('tar', ['-x', '-C', source], { input: git('archive', commit) });
    installPackages(source);
    execFileSync(process.execPath, ['--import', 'tsx', 'bin/build.ts', 'session-socket'], { cwd: source });
    // Whole or not at all, because another run may look for it meanwhile.
    if (!existsSync(folder)) renameSync(join(source, 'dist/functions'), folder);
  } finally {
    rmSync(source, { recursive: true, force: true });
  }
}

/** Those of its lock file: the ones that are here, where that has not changed. */
function installPackages(source: string): void {
  const lockIn = (place: string) => readFileSync(join(place, 'package-lock.json'), 'utf8');
  if (lockIn(source) === lockIn(project)) symlinkSync(join(project, 'node_modules'), join(source, 'node_modules'));
  else execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: source, stdio: 'ignore' });
}

function git(...words: readonly string[]): Buffer {
  return execFileSync('git', words, { cwd: project, maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'ignore'] });
}
