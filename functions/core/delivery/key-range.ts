/**
 * Points between two connection ids, in their order, that part the ids between them into about equal shares: as if ids were
 * numbers, spread evenly. How they really are spread decides how equal the shares are and nothing else. What comes back is
 * text to compare ids with, not ids. There may be fewer, when the two are close.
 */
export function pointsBetween(first: string, last: string, count: number): string[] {
  const length = lengthFor(first, last);
  const low = toNumber(first, length);
  const high = toNumber(last, length);
  const points = Array.from({ length: count }, (_, n) => low + ((high - low) * BigInt(n + 1)) / BigInt(count + 1));
  return [...new Set(points)].map((point) => toText(point, length)).filter((text) => first < text && text < last);
}

/** How many times as far it is from the second id to the last as from the first to the second, in the same measure. */
export function timesAsFar(first: string, second: string, last: string): number {
  const length = lengthFor(first, second, last);
  const [low, middle, high] = [toNumber(first, length), toNumber(second, length), toNumber(last, length)];
  return middle > low && high > middle ? Number(high - middle) / Number(middle - low) : 0;
}

/** Seven bits for each character, as ids are ASCII, so that what comes back is ASCII too, whose order is that of its bytes. */
const bits = 7n;
const mask = 0x7f;

function lengthFor(...ids: readonly string[]): number {
  // Beyond these the shares would not become more equal.
  return Math.min(20, Math.max(...ids.map((id) => id.length)));
}

function toNumber(text: string, length: number): bigint {
  let number = 0n;
  for (let index = 0; index < length; index += 1) {
    const code = index < text.length ? text.charCodeAt(index) : 0;
    number = (number << bits) | BigInt(Math.min(code, mask));
  }
  return number;
}

function toText(number: bigint, length: number): string {
  const codes = Array.from({ length }, (_, index) => Number((number >> (bits * BigInt(length - 1 - index))) & 0x7fn));
  return String.fromCharCode(...codes);
}
