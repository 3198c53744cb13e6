import { describe, expect, it } from 'vitest';

/** The page's own script: plain JavaScript for the browser, of which this part needs none. */
interface Secrets {
  looksSecret(name: string): boolean;
  maskedText(text: string): string;
}

const { looksSecret, maskedText } = (await import(
  new URL('../../local/inspector/page/secrets.js', import.meta.url).href
)) as Secrets;

describe('A name', () => {
  it.each(['token', 'accessToken', 'clientSecret', 'Cookie', 'Set-Cookie', 'sessionSeal', 'password', 'Authorization'])(
    '%s looks secret',
    (name) => expect(looksSecret(name)).toBe(true),
  );

  it.each(['principalId', 'userInfo', 'connectionId', 'sessionHash', 'authorizer', 'channel', 'expiresAt'])(
    '%s does not',
    (name) => expect(looksSecret(name)).toBe(false),
  );
});

describe('A text', () => {
  it.each([
    ['JSON', '{"token":"abc","a":1}', '{"token":"••••••","a":1}'],
    ['JSON with spaces', '{ "token" : "abc" }', '{ "token" : "••••••" }'],
    ['a value with a quote in it', '{"token":"a\\"bc","b":"d"}', '{"token":"••••••","b":"d"}'],
    ['a list', '{"Cookie":["abc"]}', '{"Cookie":["••••••"]}'],
    [
      'JSON in a string of JSON',
      JSON.stringify({ data: JSON.stringify({ auth: 'abc', b: 'd' }) }),
      '{"data":"{\\"auth\\":\\"••••••\\",\\"b\\":\\"d\\"}"}',
    ],
    ['JSON that was cut', '{"event":"a","token":"abcdef', '{"event":"a","token":"••••••'],
  ])('hides values under such names: %s', (_, text, masked) => expect(maskedText(text)).toBe(masked));

  it('is shown as it is otherwise', () => {
    for (const text of ['hello', '{"a":"token"}', '{"token":""}', 'token: abc', '{"a":{"b":[1,2]}}', '']) {
      expect(maskedText(text)).toBe(text);
    }
  });
});
