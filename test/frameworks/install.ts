import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { unpackDebian } from './debian.ts';

const project = join(import.meta.dirname, '../..');
const run = promisify(execFile);

/** An app of `apps`, installed. */
export interface InstalledApp {
  /** From the project's root, as `startDemo` wants it. */
  readonly root: string;
  /** The same, absolute. */
  readonly folder: string;
}

export interface InstallOptions {
  /** Debian packages whose files go into the app's folder `debian`, because Packagist does not always have them. */
  readonly debian?: readonly string[];
  /** Another name for the folder, where two tests run the same app at once. */
  readonly into?: string;
  /** Folders that the framework writes into. */
  readonly writable?: readonly string[];
}

/**
 * Copies an app out of the sources, because frameworks write into their own folder, and installs its packages. The next
 * installation reuses the packages, and nothing else.
 */
export async function installApp(
  name: string,
  { debian = [], into = name, writable = [] }: InstallOptions = {},
): Promise<InstalledApp> {
  const source = join(import.meta.dirname, 'apps', name);
  const root = join('test/output/frameworks', into);
  const folder = join(project, root);
  const wanted = JSON.stringify([debian, await readFile(join(source, 'composer.json'), 'utf8').catch(() => '')]);
  const stamp = join(folder, 'vendor', '.installed');
  const isInstalled = (await readFile(stamp, 'utf8').catch(() => '')) === wanted;
  await mkdir(folder, { recursive: true });
  for (const entry of await readdir(folder)) {
    if (!isInstalled || !['vendor', 'debian'].includes(entry)) await rm(join(folder, entry), { recursive: true });
  }
  await cp(source, folder, { recursive: true });
  await cp(join(import.meta.dirname, 'apps/stand-ins'), join(folder, 'stand-ins'), { recursive: true });
  await cp(join(project, 'php/session-socket.php'), join(folder, 'session-socket.php'));
  for (const each of writable) await mkdir(join(folder, each), { recursive: true });
  if (!isInstalled) {
    await unpackDebian(debian, join(folder, 'debian'));
    if (existsSync(join(folder, 'composer.json'))) await composerInstall(folder);
    await mkdir(join(folder, 'vendor'), { recursive: true });
    await writeFile(stamp, wanted);
  }
  return { root, folder };
}

async function composerInstall(folder: string): Promise<void> {
  const environment = { ...process.env, COMPOSER_ALLOW_SUPERUSER: '1' };
  await run('composer', ['install', '--no-interaction', '--no-progress'], { cwd: folder, env: environment });
}
