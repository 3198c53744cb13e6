import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { describe, expect, inject, it } from 'vitest';
import { type Entry, entries } from '../../lib/bundle.ts';

describe('the deployed bundle', () => {
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

  it('of the authorizer has these files and no package, because it must start fast', async () => {
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

  const all = ['client-apigatewaymanagementapi', 'client-dynamodb', 'client-lambda'];
  it.each([
    ['connect', ['client-dynamodb', 'client-lambda'], 'connections handshake http-api keys sessions'],
    ['message', all, 'channels connections delivery frames handshake http-api keys'],
    ['disconnect', all, 'channels connections delivery frames'],
    ['deliver', all, 'channels connections delivery frames http-api sessions'],
    ['http-api', all, 'channels connections delivery frames handshake http-api keys sessions'],
    ['revalidate', all, 'channels connections delivery frames handshake http-api keys sessions'],
    ['tick', ['client-apigatewaymanagementapi', 'client-dynamodb'], 'connections delivery frames http-api'],
  ] as const)('as %s has these clients of AWS and these folders of core', async (entry, clients, folders) => {
    const files = await filesIn(entry);
    const unique = (found: readonly string[]) => [...new Set(found)].sort();
    expect(unique(files.flatMap((file) => /@aws-sdk\/(client-[a-z]+)\//.exec(file)?.[1] ?? []))).toEqual(clients);
    expect(unique(files.flatMap((file) => /^functions\/core\/([a-z-]+)\//.exec(file)?.[1] ?? [])).join(' ')).toBe(
      folders,
    );
  });

  it.each(entries)('of %s contains neither CDK nor the local cloud', async (entry) => {
    const strangers = (await bundleOf(entry)).inputs.filter((input) =>
      /^(?!functions\/|node_modules\/|<stdin>$)|aws-cdk-lib|dynalite/.test(input),
    );
    expect(strangers).toEqual([]);
  });

  it.each(entries.filter((entry) => entry !== 'http-api'))(
    'as %s has no routes of the HTTP API in it',
    async (entry) => {
      expect((await bundleOf(entry)).contents).not.toContain('functions/core/http-api/routes.ts');
    },
  );

  async function bundleOf(entry: Entry) {
    const metafile: Metafile = JSON.parse(await readFile(join(inject('bundles'), `${entry}.json`), 'utf8'));
    const [output] = Object.values(metafile.outputs);
    const contents = Object.entries(output?.inputs ?? {}).flatMap(([input, { bytesInOutput }]) =>
      bytesInOutput > 0 ? [input] : [],
    );
    return { bytes: output?.bytes ?? 0, inputs: Object.keys(metafile.inputs), contents };
  }

  async function filesIn(entry: Entry): Promise<string[]> {
    const { contents } = await bundleOf(entry);
    return contents.filter((file) => file !== '<stdin>');
  }
});
