import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';

const project = join(import.meta.dirname, '..', '..');

it('answers a bad option with its sentence and nothing else, writes nothing and exits with 1', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'session-socket-app-'));
  try {
    const context = { sessionEndpoint: 'https://app.example.com/id', allowedOrigins: 'https://app.example.com/' };
    const app = spawn(process.execPath, ['--import', 'tsx', join('bin', 'app.ts')], {
      cwd: project,
      env: { PATH: process.env.PATH, CDK_OUTDIR: folder, CDK_CONTEXT_JSON: JSON.stringify(context) },
    });
    const closed = new Promise((resolve) => app.once('close', resolve));
    const [stdout, stderr, code] = await Promise.all([text(app.stdout), text(app.stderr), closed]);

    expect(stderr).toBe(
      '\nsession-socket: allowedOrigins: "https://app.example.com/" is not an origin as browsers send it; ' +
        'write "https://app.example.com".\n\n',
    );
    expect({ stdout, code, written: await readdir(folder) }).toEqual({ stdout: '', code: 1, written: [] });
  } finally {
    await rm(folder, { recursive: true });
  }
});
