import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { describe, expect, inject, it } from 'vitest';
import { type Entry, entries } from '../../lib/bundle.ts';

describe('what is deployed', () => {
  it.each([
    // What stands between a person and an open socket at every cold start.
    ['authorizer', 24],
    ['message', 900],
    ['connect', 500],
    // With undici, half of which is its parser.
    ['disconnect', 800],
    ['deliver', 800],
    ['http-api', 900],
    ['tick', 800],
  ] as const)('as %s is at most %d KB', async (entry, kilobytes) => {
    expect((await bundleOf(entry)).bytes).toBeLessThanOrEqual(kilobytes * 1000);
  });

  it('as authorizer has these files and nothing of a package: it has to start fast', async () => {
    const core = ['connections/connection', 'json', 'keys/aes-gcm', 'keys/credentials', 'keys/gateway-signature']
      .concat(['refusal', 'refusal-log', 'handshake/handshake-options', 'handshake/identity', 'handshake/origin'])
      .concat(['handshake/question', 'handshake/session', 'handshake/session-answer', 'handshake/session-endpoint'])
      .concat(['handshake/ticket']);
    const edge = [
      'authorizer-event',
      'clock',
      'credentials-source',
      'environment',
      'http',
      'php',
      'sigv4',
      'telemetry',
    ];
    const expected = [
      ...['authorizer', 'wiring/authorizer'].map((name) => `functions/${name}.ts`),
      ...core.map((name) => `functions/core/${name}.ts`),
      ...edge.map((name) => `functions/edge/${name}.ts`),
    ];
    expect((await filesIn('authorizer')).toSorted()).toEqual(expected.toSorted());
  });

  it.each([
    ['connect', ['client-dynamodb', 'client-lambda'], ['connections', 'sessions']],
    ['message', ['client-apigatewaymanagementapi', 'client-dynamodb', 'client-lambda'], ['channels', 'frames', 'keys']],
    ['disconnect', ['client-apigatewaymanagementapi', 'client-dynamodb', 'client-lambda'], ['channels', 'delivery']],
    ['deliver', ['client-apigatewaymanagementapi', 'client-dynamodb', 'client-lambda'], ['delivery', 'sessions']],
    ['http-api', ['client-apigatewaymanagementapi', 'client-dynamodb', 'client-lambda'], ['http-api', 'sessions']],
    ['revalidate', ['client-apigatewaymanagementapi', 'client-dynamodb', 'client-lambda'], ['handshake', 'sessions']],
    ['tick', ['client-apigatewaymanagementapi', 'client-dynamodb'], ['connections', 'delivery', 'frames']],
  ] as const)('as %s has these clients of AWS, and these folders of core', async (entry, clients, folders) => {
    const files = await filesIn(entry);
    const found = files.flatMap((file) => /@aws-sdk\/(client-[a-z]+)\//.exec(file)?.[1] ?? []);
    expect([...new Set(found)].sort()).toEqual(clients);
    const inCore = files.flatMap((file) => /^functions\/core\/([a-z-]+)\//.exec(file)?.[1] ?? []);
    expect([...new Set(inCore)]).toEqual(expect.arrayContaining([...folders]));
    // Only the function that PHP calls reads what PHP publishes.
    if (entry !== 'http-api') expect(files).not.toContain('functions/core/http-api/publish.ts');
  });

  it.each(entries)('as %s has neither CDK nor the local cloud in it', async (entry) => {
    const strangers = (await bundleOf(entry)).inputs.filter((input) =>
      /^(?!functions\/|node_modules\/|<stdin>$)|aws-cdk-lib|dynalite/.test(input),
    );
    expect(strangers).toEqual([]);
  });

  async function bundleOf(entry: Entry) {
    const metafile: Metafile = JSON.parse(await readFile(join(inject('bundles'), `${entry}.json`), 'utf8'));
    const [output] = Object.values(metafile.outputs);
    return { bytes: output?.bytes ?? 0, inputs: Object.keys(metafile.inputs), output };
  }

  /** Of which something is left in the bundle. */
  async function filesIn(entry: Entry): Promise<string[]> {
    const { output } = await bundleOf(entry);
    const inputs = Object.entries(output?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
    return inputs.map(([file]) => file).filter((file) => file !== '<stdin>');
  }
});
