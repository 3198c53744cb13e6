import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { synthesizeOnChange } from '../../bin/synthesize.ts';

let folder: string;
let ends: (() => Promise<void>)[];
let interruption: AbortController;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'session-socket-room-'));
  await mkdir(join(folder, 'core'));
  ends = [];
  interruption = new AbortController();
});
afterEach(async () => {
  for (const end of ends) await end();
  await rm(folder, { recursive: true });
});

/** @returns a function that waits for the next synthesis; the test decides its outcome */
function watch(print: (line: string) => void = () => undefined) {
  const begun: ((end: { fail(why: string): void; succeed(): void }) => void)[] = [];
  const life = { signal: interruption.signal, onEnd: (end: () => Promise<void>) => void ends.push(end) };
  const synthesize = () =>
    new Promise<void>((resolve, reject) => {
      const begin = begun.shift();
      if (begin === undefined) resolve();
      else begin({ fail: (why) => reject(new Error(why)), succeed: resolve });
    });
  synthesizeOnChange(life, [folder], synthesize, print);
  return () => new Promise<{ fail(why: string): void; succeed(): void }>((resolve) => begun.push(resolve));
}

describe('npm start', () => {
  it('synthesizes again after a source file changes, also in a subfolder', async () => {
    const nextSynthesis = watch();
    for (const file of ['message.ts', join('core', 'frame.ts')]) {
      const next = nextSynthesis();
      await writeFile(join(folder, file), '1');
      (await next).succeed();
    }
  });

  it('prints the error of half-edited source, and keeps watching', async () => {
    let log: (line: string) => void = () => undefined;
    const printed = new Promise<string>((resolve) => {
      log = resolve;
    });
    const nextSynthesis = watch((line) => log(line));
    const first = nextSynthesis();
    await writeFile(join(folder, 'message.ts'), 'broken(');
    (await first).fail('Unexpected end of file');
    expect(await printed).toBe('Unexpected end of file');

    const second = nextSynthesis();
    await writeFile(join(folder, 'message.ts'), 'whole()');
    (await second).succeed();
  });

  it('prints no error for a synthesis that its own shutdown interrupted', async () => {
    const printed: string[] = [];
    const nextSynthesis = watch((line) => printed.push(line));
    const next = nextSynthesis();
    await writeFile(join(folder, 'message.ts'), '1');
    const synthesis = await next;
    interruption.abort();
    synthesis.fail('The operation was aborted');
    for (const end of ends) await end();
    expect(printed).toEqual([]);
  });
});
