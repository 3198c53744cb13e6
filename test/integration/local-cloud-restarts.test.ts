import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('fifty starts and closes in one process leave no handle, port, process or file behind', async () => {
  const script = new URL('../assemblies/restarts.ts', import.meta.url).pathname;
  // Of its own, because other tests leave and take files at the same time.
  const TMPDIR = await mkdtemp(join(tmpdir(), 'restarts-'));
  const env = { ...process.env, TMPDIR };
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, '50'], { env });
  const { before, after } = JSON.parse(stdout);
  expect(after).toEqual(before);
  await rm(TMPDIR, { recursive: true });
}, 60_000);
