import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { synthesizeOnChange } from '../../bin/synthesize.ts';

let room: string;
let ends: (() => Promise<void>)[];
let interruption: AbortController;
beforeEach(async () => {
  room = await mkdtemp(join(tmpdir(), 'session-socket-room-'));
  await mkdir(join(room, 'core'));
  ends = [];
  interruption = new AbortController();
});
afterEach(async () => {
  for (const end of ends) await end();
  await rm(room, { recursive: true });
});

/** @returns each synthesis as somebody who decides how it ends */
function watch(say: (line: string) => void = () => undefined) {
  const begun: ((end: { fail(why: string): void; succeed(): void }) => void)[] = [];
  const life = { signal: interruption.signal, onEnd: (end: () => Promise<void>) => void ends.push(end) };
  const synthesize = () =>
    new Promise<void>((resolve, reject) => {
      const begin = begun.shift();
      if (begin === undefined) resolve();
      else begin({ fail: (why) => reject(new Error(why)), succeed: resolve });
    });
  synthesizeOnChange(life, [room], synthesize, say);
  return () => new Promise<{ fail(why: string): void; succeed(): void }>((resolve) => begun.push(resolve));
}

describe('npm start', () => {
  it('synthesizes again when a source file changes, in a folder inside as well', async () => {
    const nextSynthesis = watch();
    for (const file of ['message.ts', join('core', 'frame.ts')]) {
      const next = nextSynthesis();
      await writeFile(join(room, file), '1');
      (await next).succeed();
    }
  });

  it('says what is wrong with half-edited source, and goes on', async () => {
    let hear: (line: string) => void = () => undefined;
    const said = new Promise<string>((resolve) => {
      hear = resolve;
    });
    const nextSynthesis = watch((line) => hear(line));
    const first = nextSynthesis();
    await writeFile(join(room, 'message.ts'), 'broken(');
    (await first).fail('Unexpected end of file');
    expect(await said).toBe('Unexpected end of file');

    const second = nextSynthesis();
    await writeFile(join(room, 'message.ts'), 'whole()');
    (await second).succeed();
  });

  it('says nothing of a synthesis that its own end interrupted', async () => {
    const said: string[] = [];
    const nextSynthesis = watch((line) => said.push(line));
    const next = nextSynthesis();
    await writeFile(join(room, 'message.ts'), '1');
    const synthesis = await next;
    interruption.abort();
    synthesis.fail('The operation was aborted');
    for (const end of ends) await end();
    expect(said).toEqual([]);
  });
});
