import { describe, expect, it } from 'vitest';
import { createTurns } from '../../local/dynamodb/dynalite-engine.ts';

/** Work that says when it begins and ends when it is told. */
function scene() {
  const turns = createTurns();
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const work = (name: string) => () => {
    begun.push(name);
    return new Promise<void>((resolve) => void ends.set(name, resolve));
  };
  const end = async (name: string) => {
    ends.get(name)?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { turns, begun, work, end };
}

describe('turns', () => {
  it('let those who share work at once, and who wants to be alone wait for the last of them', async () => {
    const { turns, begun, work, end } = scene();
    turns.together(work('a'));
    turns.together(work('b'));
    turns.alone(work('c'));
    expect(begun).toEqual(['a', 'b']);
    await end('a');
    expect(begun).toEqual(['a', 'b']);
    await end('b');
    expect(begun).toEqual(['a', 'b', 'c']);
  });

  it('are taken in order of arrival, so that nobody waits for ever', async () => {
    const { turns, begun, work, end } = scene();
    turns.together(work('a'));
    turns.alone(work('b'));
    turns.together(work('c'));
    turns.together(work('d'));
    turns.alone(work('e'));
    expect(begun).toEqual(['a']);
    await end('a');
    expect(begun).toEqual(['a', 'b']);
    await end('b');
    expect(begun).toEqual(['a', 'b', 'c', 'd']);
    await end('d');
    await end('c');
    expect(begun).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('end when the work fails, too', async () => {
    const { turns } = scene();
    await expect(turns.alone(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await turns.alone(async () => 'next')).toBe('next');
  });
});
