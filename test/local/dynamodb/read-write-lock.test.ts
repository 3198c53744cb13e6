import { describe, expect, it } from 'vitest';
import { createReadWriteLock } from '../../../local/dynamodb/dynalite-engine.ts';

/** Work that records its start and ends on demand. */
function scene() {
  const lock = createReadWriteLock();
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
  return { lock, begun, work, end };
}

describe('a read-write lock', () => {
  it('lets shared work run concurrently, and exclusive work wait for it', async () => {
    const { lock, begun, work, end } = scene();
    lock.shared(work('a'));
    lock.shared(work('b'));
    lock.exclusive(work('c'));
    expect(begun).toEqual(['a', 'b']);
    await end('a');
    expect(begun).toEqual(['a', 'b']);
    await end('b');
    expect(begun).toEqual(['a', 'b', 'c']);
  });

  it('is granted in order of arrival, so that no work waits forever', async () => {
    const { lock, begun, work, end } = scene();
    lock.shared(work('a'));
    lock.exclusive(work('b'));
    lock.shared(work('c'));
    lock.shared(work('d'));
    lock.exclusive(work('e'));
    expect(begun).toEqual(['a']);
    await end('a');
    expect(begun).toEqual(['a', 'b']);
    await end('b');
    expect(begun).toEqual(['a', 'b', 'c', 'd']);
    await end('d');
    await end('c');
    expect(begun).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('is released when the work fails', async () => {
    const { lock } = scene();
    await expect(lock.exclusive(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await lock.exclusive(async () => 'next')).toBe('next');
  });
});
