/**
 * Points between two connection ids, in order, that split the ids between them into about equal shares. It treats ids
 * as evenly distributed numbers; a different distribution only makes the shares unequal. The points are text to compare
 * ids with, not ids. There may be fewer than `count` when the two ids are close.
 */
export function pointsBetween(first: string, last: string, count: number): string[] {
  const length = lengthFor(first, last);
  const low = toNumber(first, length);
  const high = toNumber(last, length);
  const points = Array.from({ length: count }, (_, n) => low + ((high - low) * BigInt(n + 1)) / BigInt(count + 1));
  return [...new Set(points)].map((point) => toText(point, length)).filter((text) => first < text && text < last);
}

/** The distance from the second id to the last, divided by the distance from the first to the second. */
export function timesAsFar(first: string, second: string, last: string): number {
  const length = lengthFor(first, second, last);
  const [low, middle, high] = [toNumber(first, length), toNumber(second, length), toNumber(last, length)];
  return middle > low && high > middle ? Number(high - middle) / Number(middle - low) : 0;
}

/**
 * Seven bits for each character: ids are ASCII, and so are the points. The order of ASCII text is the order of its
 * bytes.
 */
const bits = 7n;
const mask = 0x7f;

function lengthFor(...ids: readonly string[]): number {
  // More characters would not make the shares more equal.
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
