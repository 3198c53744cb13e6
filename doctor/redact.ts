import { decodeValue, type Patient } from './patient.ts';

/** PHP's ids have 22 characters at least; shorter values, such as that of a theme, would blacken words of ours. */
const shortest = 16;

/**
 * Takes the cookie, its values and the secret out of a text. No check prints them; an app may give them back in a header of
 * which something is printed.
 */
export function createRedaction({ cookie = '', keys, authorization = '' }: Patient): (text: string) => string {
  const values = cookie.split(';').map((pair) => pair.slice(pair.indexOf('=') + 1).trim());
  const secrets = [keys?.secret ?? '', ...values, ...values.map(decodeValue)]
    .filter(({ length }) => length >= shortest)
    .sort((one, other) => other.length - one.length);
  // A password may be short, so here length does not count.
  const basic = authorization.split(' ')[1] ?? '';
  secrets.push(...[authorization, basic, decodeBasic(basic)].filter((each) => each !== ''));
  return (text) => secrets.reduce((rest, secret) => rest.replaceAll(secret, '…'), text);
}

/** `user:password` */
function decodeBasic(text: string): string {
  const decoded = Buffer.from(text, 'base64').toString('utf8');
  return decoded.includes(':') ? decoded : '';
}
