import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let folder: string | undefined;

/** Tests use a temporary folder of their own, which is removed afterwards: each CDK app leaves one. */
export function setup(): void {
  folder = mkdtempSync(join(tmpdir(), 'session-socket-tests-'));
  process.env['TMPDIR'] = folder;
}

export function teardown(): void {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}
