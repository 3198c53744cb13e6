import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { needsFramework } from '../frameworks/needs.ts';
import { goOutside, type Outside, project } from './outside.ts';

let repository: string;
beforeAll(async () => {
  repository = await mkdtemp(join(tmpdir(), 'session-socket-repository-'));
  await copyCheckout(repository);
});
afterAll(() => rm(repository, { recursive: true, force: true }));

describe.each([
  { source: 'the path of a checkout', type: 'path', folder: '.', version: '*@dev' },
  { source: 'the path of its folder php', type: 'path', folder: 'php', version: '*@dev' },
  { source: 'the repository', type: 'vcs', folder: '.', version: '*@dev' },
  { source: 'a release of the repository', type: 'vcs', folder: '.', version: '^0.1' },
])('composer require from $source', needsFramework(['composer', 'git']), ({ type, folder, version }) => {
  let outside: Outside;
  beforeAll(async () => {
    outside = await goOutside();
    const own = { type, url: join(repository, folder) };
    await outside.write({
      'composer.json': JSON.stringify({ repositories: [own, { packagist: false }] }),
      'app.php': "<?php require 'vendor/autoload.php'; echo strlen(SessionSocket\\derive_key('secret', 'ticket'));",
    });
  });
  afterAll(() => outside?.remove());

  it('installs the PHP file and loads its functions', async () => {
    const required = await outside.run(`composer require --no-interaction 'session-socket/session-socket:${version}'`);
    expect(required.code, required.stderr).toBe(0);
    expect((await outside.run('php app.php')).stdout).toBe('32');
  });
});

it('The two composer.json differ only in where the file is', async () => {
  const [whole, part] = await Promise.all(
    ['composer.json', 'php/composer.json'].map(async (file) => JSON.parse(await readFile(join(project, file), 'utf8'))),
  );
  expect(part).toEqual({ ...whole, autoload: { files: ['session-socket.php'] } });
});

/** The checkout as somebody would clone it, with a release. */
async function copyCheckout(target: string): Promise<void> {
  const git = (cwd: string, ...words: readonly string[]) => execFileSync('git', words, { cwd, encoding: 'utf8' });
  for (const file of git(project, 'ls-files', 'composer.json', 'php').trim().split('\n')) {
    await mkdir(dirname(join(target, file)), { recursive: true });
    await cp(join(project, file), join(target, file));
  }
  const author = ['-c', 'user.name=A developer', '-c', 'user.email=developer@example.com'];
  git(target, 'init', '--quiet', '--initial-branch=main');
  git(target, 'add', '.');
  git(target, ...author, 'commit', '--quiet', '--message', 'A release');
  git(target, 'tag', 'v0.1.0');
}
