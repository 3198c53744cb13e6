import { describe, expect, it } from 'vitest';
import { readDoctorOptions } from '../../doctor/command.ts';
import { UsageError } from '../../local/command/arguments.ts';

const url = 'https://app.example.com/getSessionID';
const read = (args: readonly string[], environment: Record<string, string> = {}, input = '') =>
  readDoctorOptions(args, { environment, readInput: async () => input });

describe('the options of session-socket doctor', () => {
  it('default to nothing but the URL', async () => {
    expect(await read([url])).toEqual({
      target: {
        url: new URL(url),
        cookieName: 'PHPSESSID',
        cookie: undefined,
        slowUrl: undefined,
        keys: undefined,
        sessionTimeoutMs: 2500,
      },
      isJson: false,
    });
  });

  it('are all parsed', async () => {
    const args =
      `--cookie a=b;sid=c --cookie-name sid --slow-url https://app.example.com/report ${url} --key k --timeout-ms 900 --json`.split(
        ' ',
      );
    expect(await read(args, { SESSION_SOCKET_SECRET: 'open sesame' })).toEqual({
      target: {
        url: new URL(url),
        cookieName: 'sid',
        cookie: 'a=b;sid=c',
        slowUrl: new URL('https://app.example.com/report'),
        keys: { key: 'k', secret: 'open sesame' },
        sessionTimeoutMs: 900,
      },
      isJson: true,
    });
    expect(await read(['--help'])).toBe('help');
  });

  it('accept mode, cookies and app id, and a password only from the environment', async () => {
    const secrets = { SESSION_SOCKET_SECRET: 's', SESSION_SOCKET_AUTHORIZATION: 'Basic aHVzaDpodXNo' };
    const args = [
      url,
      '--mode',
      'cookie',
      '--cookies',
      'sid, AWSALB*',
      '--cookie',
      'a=b; sid=c',
      '--key',
      'k',
      '--app-id',
      '1',
    ];
    expect(await read(args, secrets)).toMatchObject({
      target: {
        ...{ mode: 'cookie', cookieName: 'sid', cookies: ['sid', 'AWSALB*'], authorization: 'Basic aHVzaDpodXNo' },
        keys: { key: 'k', secret: 's', appId: '1' },
      },
    });
  });

  it.each([
    [['--mode', 'open'], {}],
    [['--cookies', 'sid'], {}],
    [['--mode', 'cookie', '--cookies', '*'], {}],
    [['--app-id', '1'], {}],
    [['--authorization', 'Basic hush'], {}],
    [[], { SESSION_SOCKET_AUTHORIZATION: 'hush' }],
    [[], { SESSION_SOCKET_AUTHORIZATION: 'Basic hush\r\nX: y' }],
  ])('reject %s with %s without repeating a secret', async (args, environment) => {
    const rejected = expect(read([url, ...args], { ...environment })).rejects;
    await rejected.toThrow(UsageError);
    await expect(read([url, ...args], { ...environment })).rejects.not.toThrow('hush');
  });

  it.each([
    ['typed', ['--cookie', 'sid=abc'], {}, ''],
    ['in the environment', [], { SESSION_SOCKET_COOKIE: 'sid=abc' }, ''],
    ['on the standard input, as browsers copy it', ['--cookie', '-'], {}, 'Cookie: sid=abc\n'],
  ])('accept a cookie %s, and read its name from it', async (_, args, environment, input) => {
    expect(await read([url, ...args], environment, input)).toMatchObject({
      target: { cookie: 'sid=abc', cookieName: 'sid' },
    });
  });

  it.each([
    [[], 'Pass exactly one URL: session-socket doctor https://app.example.com/getSessionID'],
    [[url, url], 'Pass exactly one URL: session-socket doctor https://app.example.com/getSessionID'],
    [['ftp://app.example.com'], 'The URL must be an absolute URL, such as https://app.example.com/getSessionID.'],
    [['https://me:hush@app.example.com'], 'The URL must not contain a user or password.'],
    [[`${url}#hush`], 'The URL must not contain a fragment.'],
    [[url, '--slow-url', 'https://evil.example/'], /^--slow-url must be on the same site/],
    [[url, '--cookie', 'hush'], /^A cookie must look like/],
    [[url, '--cookie', 'a=hush\r\nX: y'], /^A cookie must look like/],
    [[url, '--cookie', 'a=hush; b=hush'], /^The session cookie is not in --cookie/],
    [[url, '--cookie-name', 'a b'], '--cookie-name must be a cookie name such as PHPSESSID.'],
    [[url, '--key', 'k'], /^--key also needs the secret/],
    [[url, '--key', 'hush hush'], /^--key must be the stack's output Key/],
    [[url, '--timeout-ms', '99'], '--timeout-ms must be a number from 100 to 20000.'],
    [[url, '--secret', 'hush'], "Unknown option '--secret'."],
    [['hush', '--cookie', 'a=hush'], /^The URL must be an absolute URL/],
  ])('reject %s with one sentence that does not repeat the value', async (args, sentence) => {
    const refusal = await read(args).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(UsageError);
    const { message } = refusal as UsageError;
    expect(message).toEqual(typeof sentence === 'string' ? sentence : expect.stringMatching(sentence));
    expect(message).not.toContain('hush');
  });
});
