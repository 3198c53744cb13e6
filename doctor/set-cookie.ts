import type { Reply } from './ask.ts';

export interface SetCookie {
  readonly name: string;
  readonly value: string;
  /** By lower-case name; those without a value have an empty one. */
  readonly attributes: ReadonlyMap<string, string>;
}

/** As browsers read it: https://www.rfc-editor.org/rfc/rfc6265#section-5.2 */
export function readSetCookie(line: string): SetCookie {
  const [pair = '', ...attributes] = line.split(';').map(split);
  const [name, value] = typeof pair === 'string' ? ['', ''] : pair;
  return { name, value, attributes: new Map(attributes.map(([key, text]) => [key.toLowerCase(), text])) };
}

export function cookiesSetBy(replies: readonly Reply[]): readonly SetCookie[] {
  return replies.flatMap(({ headers }) => headers['set-cookie'] ?? []).map(readSetCookie);
}

function split(part: string): readonly [name: string, value: string] {
  const at = part.indexOf('=');
  return at === -1 ? [part.trim(), ''] : [part.slice(0, at).trim(), part.slice(at + 1).trim()];
}
