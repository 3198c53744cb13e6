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

  it.each(['authorizer'] as const)('as %s has no AWS SDK in it', async (entry) => {
    const sdk = (await bundleOf(entry)).inputs.filter((input) =>
      /node_modules\/(@aws-sdk|@smithy|aws-sdk)\//.test(input),
    );
    expect(sdk).toEqual([]);
  });

  it.each(entries)('as %s has neither CDK nor the local cloud in it', async (entry) => {
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
});
