import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readLocalOptions } from '../../bin/local-options.ts';
import { UsageError } from '../../local/command/arguments.ts';
import { assemblyUsage, readAssemblyOptions } from '../../local/command/options.ts';

describe('the options of session-socket local', () => {
  it('default to cdk.out in this folder on port 4000', () => {
    expect(readAssemblyOptions([])).toEqual({
      assembly: resolve('cdk.out'),
      port: 4000,
      dynamodb: 'dynalite',
      faults: [],
      faultsAsTyped: [],
      throttles: false,
      watch: true,
      quiet: false,
      permissions: false,
    });
  });

  it('are all parsed', () => {
    const typed =
      '--assembly a/b --stack Chat --port 0 --region eu-central-1 --dynamodb strict --throttles --no-watch --quiet --permissions --seed 7';
    expect(readAssemblyOptions([...typed.split(' '), '--fault', 'cut@1%', '--fault=kill:Message'])).toEqual({
      assembly: resolve('a/b'),
      stack: 'Chat',
      port: 0,
      region: 'eu-central-1',
      dynamodb: 'strict',
      faults: [
        { kind: 'cut', probability: 0.01 },
        { kind: 'kill', function: 'Message' },
      ],
      faultsAsTyped: ['cut@1%', 'kill:Message'],
      throttles: true,
      watch: false,
      quiet: true,
      permissions: true,
      seed: 7,
    });
    expect(readAssemblyOptions(['--help'])).toBe('help');
    expect(readAssemblyOptions(['--unknowns'])).toBe('unknowns');
  });

  it.each([
    [['--verbose'], "Unknown option '--verbose'."],
    [['cdk.out'], "Unexpected argument 'cdk.out'."],
    [['--port'], "Option '--port <value>' argument missing."],
    [['--port', '--quiet'], "Option '--port' argument is ambiguous."],
    [['--quiet=yes'], "Option '--quiet' does not take an argument."],
    [['--port', '65536'], '--port must be a number from 0 to 65535, not "65536".'],
    [['--port', ' 1'], '--port must be a number from 0 to 65535, not " 1".'],
    [['--region', 'Frankfurt'], '--region must be an AWS region such as us-east-1, not "Frankfurt".'],
    [['--dynamodb', 'real'], '--dynamodb must be dynalite or strict, not "real".'],
    [['--seed', '-1'], "Option '--seed' argument is ambiguous."],
    [['--seed', '4294967296'], '--seed must be a whole number below 4294967296, not "4294967296".'],
    [['--fault', 'boom'], /^--fault boom: unknown fault/],
  ])('reject %s with one sentence', (args, sentence) => {
    const run = () => readAssemblyOptions(args);
    expect(run).toThrow(UsageError);
    expect(run).toThrow(sentence instanceof RegExp ? sentence : new UsageError(sentence));
  });

  it('all appear in --help', () => {
    const options = [...assemblyUsage('session-socket local').matchAll(/^ {2}--([a-z-]+)/gm)].map(([, name]) => name);
    expect(options).toContain('assembly');
    for (const name of options) {
      try {
        readAssemblyOptions([`--${name}`, 'x']);
      } catch (error) {
        expect(error, name).not.toMatchObject({ message: expect.stringContaining('Unknown option') });
      }
    }
  });
});

describe('the options of npm start', () => {
  it('reject invalid values with one sentence', () => {
    expect(() => readLocalOptions(['--php', 'fpm'])).toThrow(
      new UsageError('--php must be native or wasm, not "fpm".'),
    );
    expect(() => readLocalOptions(['--page-port', '4000'])).toThrow(UsageError);
    const modes = '--mode must be ticket or cookie or session-id or status, not "open".';
    expect(() => readLocalOptions(['--mode', 'open'])).toThrow(new UsageError(modes));
    const names = '--cookie-name works only with --mode session-id or status, or with --mode cookie and --app.';
    expect(() => readLocalOptions(['--cookie-name', 'SID'])).toThrow(new UsageError(names));
    expect(() => readLocalOptions(['--mode', 'cookie', '--cookie-name', 'SID'])).toThrow(new UsageError(names));
    expect(readLocalOptions(['--page-port', '0', '--socket-port', '0'])).toMatchObject({ hello: false });
    expect(readLocalOptions(['--hello'])).toMatchObject({ hello: true });
  });

  it('accept your own app instead of the demo', () => {
    expect(readLocalOptions([])).not.toHaveProperty('app');
    const endpointOf = (app: string) => String(Object(readLocalOptions(['--app', app])).app);
    expect(endpointOf('http://127.0.0.1:8000')).toBe('http://127.0.0.1:8000/getSessionID');
    expect(endpointOf('http://127.0.0.1:8000/session.php')).toBe('http://127.0.0.1:8000/session.php');
    const sentence = '--app must be the URL of your app, such as http://127.0.0.1:8000, not "8000".';
    expect(() => readLocalOptions(['--app', '8000'])).toThrow(new UsageError(sentence));
  });

  it.each(['ticket', 'cookie', 'session-id', 'status'])('accept mode %s, for the demo and for your own app', (mode) => {
    expect(readLocalOptions(['--mode', mode])).toMatchObject({ mode });
    expect(readLocalOptions(['--mode', mode, '--app', 'http://127.0.0.1:8000'])).toMatchObject({ mode });
  });

  it('default to mode ticket, and accept a cookie name in modes that need it', () => {
    expect(readLocalOptions([])).toMatchObject({ mode: 'ticket' });
    expect(readLocalOptions(['--mode', 'status', '--cookie-name', 'SID'])).toMatchObject({ cookieName: 'SID' });
    const own = ['--mode', 'cookie', '--app', 'http://localhost:8000', '--cookie-name', 'SID,AWSALB*'];
    expect(readLocalOptions(own)).toMatchObject({ cookieName: 'SID,AWSALB*' });
  });

  // The browser would not send its cookie to a socket on 127.0.0.1.
  it('reject mode cookie for an app on another host', () => {
    const args = ['--mode', 'cookie', '--app', 'https://app.example.com'];
    expect(() => readLocalOptions(args)).toThrow('--app with --mode cookie must be on this machine');
  });
});
