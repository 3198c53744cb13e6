import { type Refusal, refuse } from '../refusal.ts';

/**
 * Characters of all that is passed on. A browser's cookie holds 4096 with its name
 * (https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html#name-limits), and web servers take 8 KB of headers.
 */
const maxLength = 4096;
const plain = /^[\x20-\x7e]*$/;

/**
 * The cookies of a handshake that PHP is to see, untouched and in the browser's order; any other stays here, because it may
 * log in by itself or belong to somebody else on the domain.
 * @param headers every Cookie header; browsers send one
 * @param names those to pass on; a `*` at the end stands for anything
 */
export function pickCookies(headers: readonly string[], names: readonly string[]): string | Refusal {
  const [header, ...others] = headers;
  if (header === undefined || others.length > 0) return refuse('malformed-cookies');
  const picked = header
    .split(';')
    .map((pair) => pair.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((pair) => pair.includes('=') && names.some((name) => isNamed(pair.slice(0, pair.indexOf('=')), name)))
    .join('; ');
  if (picked === '') return refuse('no-session-cookie');
  if (picked.length > maxLength || !plain.test(picked)) return refuse('malformed-cookies');
  return picked;
}

function isNamed(cookie: string, name: string): boolean {
  return name.endsWith('*') ? cookie.startsWith(name.slice(0, -1)) : cookie === name;
}
