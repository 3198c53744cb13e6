import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Version } from './versions.ts';

const run = promisify(execFile);
const cache = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'nodes');

/**
 * Gets a Node from npm's registry, unless it is there from the last time.
 * @param npm the file that npm is
 * @returns the folder that holds the binary and nothing else
 */
export async function installNode(version: Version, packageName: string, npm: string): Promise<string> {
  const root = join(cache, version);
  const folder = join(root, 'node_modules', packageName, 'bin');
  if (await isThere(folder, version)) return folder;

  console.log(`Installing ${packageName}@${version} …`);
  await rm(root, { recursive: true, force: true });
  await mkdir(root, { recursive: true });
  const quiet = ['--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const command = [npm, 'install', '--prefix', root, ...quiet, `${packageName}@${version}`];
  await run(process.execPath, command, { cwd: root });
  if (!(await isThere(folder, version))) throw new Error(`${packageName}@${version} does not start on this machine.`);
  return folder;
}

async function isThere(folder: string, version: Version): Promise<boolean> {
  try {
    return (await run(join(folder, 'node'), ['--version'])).stdout.trim() === `v${version}`;
  } catch {
    return false;
  }
}
