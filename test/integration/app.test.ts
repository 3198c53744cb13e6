import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { synthesize } from '../../bin/synthesize.ts';
import { entries } from '../../lib/bundle.ts';
import { synthesizeGateway } from '../assemblies/synthesize.ts';

const project = join(import.meta.dirname, '..', '..');

// `cdk bootstrap` and `cdk destroy` run the app too, and nobody types the options for them.
it('synthesizes without options, with an error that says that it cannot be deployed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'session-socket-app-'));
  const { code } = await runApp({}, folder);
  const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
  const metadata = await readFile(join(folder, 'SessionSocket.metadata.json'), 'utf8').catch(() => '');
  expect(code).toBe(0);
  expect(manifest.artifacts.SessionSocket.type).toBe('aws:cloudformation:stack');
  expect(JSON.stringify(manifest) + metadata).toMatch(
    /aws:cdk:error.*The options sessionEndpoint and allowedOrigins are missing/s,
  );
});

it('prints only one sentence for a bad option, writes nothing and exits with 1', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'session-socket-app-'));
  try {
    const context = { sessionEndpoint: 'https://app.example.com/id', allowedOrigins: 'https://app.example.com/' };
    const { stdout, stderr, code } = await runApp(context, folder);

    expect(stderr).toBe(
      '\nsession-socket: allowedOrigins: "https://app.example.com/" is not an origin as browsers send it; ' +
        'write "https://app.example.com".\n\n',
    );
    expect({ stdout, code, written: await readdir(folder) }).toEqual({ stdout: '', code: 1, written: [] });
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('prints on stderr, on one line, that mode and tokenFrom are not set', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'session-socket-app-'));
  try {
    const context = {
      sessionEndpoint: 'https://app.example.com/id',
      allowedOrigins: 'https://app.example.com',
      'aws:cdk:bundling-stacks': [],
    };
    expect(await runApp(context, folder)).toEqual({
      stdout: '',
      stderr:
        'session-socket: mode is ticket, tokenFrom is query. Neither -c nor cdk.json sets mode and tokenFrom; ' +
        'a stack deployed with another value will change. npx cdk diff shows the change.\n',
      code: 0,
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});

// All other tests take the short way, and would not notice if it led somewhere else. The names of the assets are hashes
// of what is in them, so the bundles are compared as well.
it('synthesizes the same in a separate process as within the tests, including the bundles', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'session-socket-app-'));
  const options = {
    sessionEndpoint: 'https://app.example.com/getSessionID',
    allowedOrigins: 'https://app.example.com',
    mode: 'ticket',
    hello: 'true',
    revalidate: '1',
  };
  const [short] = await Promise.all([synthesizeGateway(options), synthesize(options, folder)]);
  try {
    expect(await readStack(short.folder)).toEqual(await readStack(folder));
  } finally {
    await Promise.all([short.remove(), rm(folder, { recursive: true })]);
  }
});

/** The template, and the assets that lie beside it. */
async function readStack(folder: string) {
  const template = JSON.parse(await readFile(join(folder, 'SessionSocket.template.json'), 'utf8'));
  const assets = (await readdir(folder)).filter((name) => name.startsWith('asset.')).sort();
  expect(assets).toHaveLength(entries.length);
  return { template, assets };
}

/** As the `cdk` command runs it. */
async function runApp(context: Readonly<Record<string, unknown>>, folder: string) {
  const app = spawn(process.execPath, ['--import', 'tsx', join('bin', 'app.ts')], {
    cwd: project,
    env: {
      PATH: process.env['PATH'],
      CDK_OUTDIR: folder,
      CDK_CONTEXT_JSON: JSON.stringify(context),
      SESSION_SOCKET_VALIDATION: 'off',
    },
  });
  const closed = new Promise((resolve) => app.once('close', resolve));
  const [stdout, stderr, code] = await Promise.all([text(app.stdout), text(app.stderr), closed]);
  return { stdout, stderr, code };
}
