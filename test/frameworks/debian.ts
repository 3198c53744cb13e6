import { execFile } from 'node:child_process';
import { lstat, mkdtemp, readdir, readlink, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Their files alone: a web server, or whatever else they would bring, is not wanted. */
export async function unpackDebian(packages: readonly string[], folder: string): Promise<void> {
  if (packages.length === 0) return;
  const downloads = await mkdtemp(join(tmpdir(), 'session-socket-debian-'));
  for (const each of packages) await run('apt-get', ['download', '--quiet', each], { cwd: downloads });
  for (const file of await readdir(downloads)) await run('dpkg-deb', ['--extract', join(downloads, file), folder]);
  await rm(downloads, { recursive: true });
  await leadLinksInto(folder);
}

/** Their absolute links, as if the folder were the root. Those that lead nowhere in there stay. */
async function leadLinksInto(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const link = join(entry.parentPath, entry.name);
    const target = entry.isSymbolicLink() ? await readlink(link) : '';
    const inside = join(folder, target);
    if (!target.startsWith('/') || (await lstat(inside).catch(() => undefined)) === undefined) continue;
    await rm(link);
    await symlink(relative(dirname(link), inside), link);
  }
}
