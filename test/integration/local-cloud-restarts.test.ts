import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('fifty starts and ends in one process leave no handle, port, process or file behind', async () => {
  const script = new URL('../assemblies/restarts.ts', import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, '50']);
  const { before, after, stillListening } = JSON.parse(stdout);
  expect(after).toEqual(before);
  expect(stillListening).toBe(0);
}, 60_000);
