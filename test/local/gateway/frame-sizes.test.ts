import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { watchFrameSizes } from '../../../local/gateway/serve-connection.ts';

/** A masked text frame, as a client sends it. */
function frame(length: number): Buffer {
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  header[0] = 0x81;
  header[1] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (header.length === 4) header.writeUInt16BE(length, 2);
  if (header.length === 10) header.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([header, Buffer.from('mask'), Buffer.alloc(length, 'x')]);
}

describe('the frame watch', () => {
  it('finds a frame above the limit after valid frames, however the bytes are split', () => {
    const lengths = fc.array(fc.constantFrom(0, 1, 125, 126, 127, 300, 65_535, 65_536, 70_000), { maxLength: 6 });
    fc.assert(
      fc.property(
        lengths,
        fc.integer({ min: 1, max: 5000 }),
        fc.constantFrom(125, 65_535, 69_999),
        (sizes, cut, limit) => {
          const bytes = Buffer.concat(sizes.map(frame));
          const isTooLong = watchFrameSizes(limit);
          let found = false;
          for (let at = 0; at < bytes.length && !found; at += cut) found = isTooLong(bytes.subarray(at, at + cut));
          expect(found).toBe(sizes.some((size) => size > limit));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('accepts 32 KB and rejects one byte more', () => {
    expect(watchFrameSizes(32_768)(frame(32_768))).toBe(false);
    expect(watchFrameSizes(32_768)(frame(32_769))).toBe(true);
  });
});
