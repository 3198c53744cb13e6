import { describe, expect, it } from 'vitest';
import { sinceStart } from '../../../local/inspector/page/invocations.ts';
import { lastLine, looksSecret, maskedText, summary } from '../../../local/inspector/page/text.ts';

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
  ])('hides values under secret-looking names: %s', (_, text, masked) => expect(maskedText(text)).toBe(masked));

  it('is otherwise shown unchanged', () => {
    for (const text of ['hello', '{"a":"token"}', '{"token":""}', 'token: abc', '{"a":{"b":[1,2]}}', '']) {
      expect(maskedText(text)).toBe(text);
    }
  });
});

describe('A line of a log', () => {
  it.each([
    ['hello', 'hello'],
    ['{"level":"WARN","message":"refused","service":"s","phpStatus":403}', 'WARN refused phpStatus=403'],
    ['{"level":"INFO","msg":"hi","token":"abc","nested":{"a":1}}', 'INFO hi token=••••••'],
    ['2026-11-23T17:00:00.000Z\t8f1b6c3e-52d4\tINFO\thello', 'INFO hello'],
    ['2026-11-23T17:00:00.000Z\t8f1b6c3e-52d4\tERROR\t{"level":"ERROR","message":"no"}', 'ERROR ERROR no'],
    [
      '2026-11-23T17:00:00.000Z\t8f1b\tERROR\tInvoke Error \t{"errorType":"Error","errorMessage":"no session","stack":[]}',
      'ERROR Invoke Error: no session',
    ],
    ['{"service":"s","reason":"expired","Refused":1,"_aws":{"Timestamp":1}}', 'reason=expired Refused=1'],
    ['{"queryStringParameters":{"token":"abc"}}', '{"queryStringParameters":{"token":"••••••"}}'],
  ])('is summarized: %s', (text, said) => expect(summary(text)).toBe(said));

  it("counts as a function's last line only if Lambda did not write it", () => {
    const own = { text: 'hello' };
    const lambdas = [
      { text: 'END RequestId: 8f1b' },
      { text: 'REPORT RequestId: 8f1b\tDuration: 1.00 ms' },
      { text: '{"time":"2026-11-23T17:00:00.000Z","type":"platform.report","record":{}}' },
    ];
    expect(lastLine([{ text: 'START RequestId: 8f1b' }, own, ...lambdas])).toBe('hello');
    expect(lastLine(lambdas)).toBeUndefined();
  });

  it('never has a time before the start', () =>
    expect([-1, 0.4, 52].map(sinceStart)).toEqual(['+0 ms', '+0 ms', '+52 ms']));

  it('is the error of a crash, not the surrounding dump', () => {
    const dump = [
      'node:internal:391',
      '    throw it',
      '    ^',
      '',
      'Error: no table',
      '    at handler (index.js:1:1) {',
    ];
    const lines = [...dump, "  code: 'NONE'", '}', '', 'Node.js v22.0.0'].map((text) => ({ text }));
    expect(lastLine(lines)).toBe('Error: no table');
    expect(lastLine([{ text: '  indented' }])).toBe('  indented');
  });
});
