import { describe, expect, it } from 'vitest';

/** The page's own script: plain JavaScript for the browser, of which this part needs none. */
interface LogLines {
  summary(text: string): string;
  lastWords(lines: readonly { readonly text: string }[]): string | undefined;
  sinceStart(ms: number): string;
}

const { summary, lastWords, sinceStart } = (await import(
  new URL('../../local/inspector/page/log-lines.js', import.meta.url).href
)) as LogLines;

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
  ])('is summed up: %s', (text, said) => expect(summary(text)).toBe(said));

  it("is a function's last word only when it is not Lambda's", () => {
    const own = { text: 'hello' };
    const lambdas = [
      { text: 'END RequestId: 8f1b' },
      { text: 'REPORT RequestId: 8f1b\tDuration: 1.00 ms' },
      { text: '{"time":"2026-11-23T17:00:00.000Z","type":"platform.report","record":{}}' },
    ];
    expect(lastWords([{ text: 'START RequestId: 8f1b' }, own, ...lambdas])).toBe('hello');
    expect(lastWords(lambdas)).toBeUndefined();
  });

  it('is never before the start', () => expect([-1, 0.4, 52].map(sinceStart)).toEqual(['+0 ms', '+0 ms', '+52 ms']));

  it('is the error when Node.js died of it, and not what stands around it', () => {
    const dump = [
      'node:internal:391',
      '    throw it',
      '    ^',
      '',
      'Error: no table',
      '    at handler (index.js:1:1) {',
    ];
    const lines = [...dump, "  code: 'NONE'", '}', '', 'Node.js v22.0.0'].map((text) => ({ text }));
    expect(lastWords(lines)).toBe('Error: no table');
    expect(lastWords([{ text: '  indented' }])).toBe('  indented');
  });
});
