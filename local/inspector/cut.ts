import { StringDecoder } from 'node:string_decoder';

/** A text that may be shortened, and how long it was. */
export interface Cut {
  readonly text: string;
  readonly bytes: number;
}

/** Shortens at the end of a character. */
export function cut(text: string, limitBytes: number): Cut {
  const bytes = Buffer.byteLength(text);
  if (bytes <= limitBytes) return { text, bytes };
  // Through bytes and back, because V8 keeps the whole text alive for as long as a slice of it lives.
  const head = Buffer.from(text.slice(0, limitBytes)).subarray(0, limitBytes);
  return { text: new StringDecoder('utf8').write(head), bytes };
}
