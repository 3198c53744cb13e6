import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuthorizer } from '../../functions/authorizer.ts';
import { type HandshakeOptions, resolveHandshakeOptions } from '../../functions/core/handshake/handshake-options.ts';
import { ticketLifetime } from '../../functions/core/handshake/ticket.ts';
import { deriveCredentials, type PusherCredentials } from '../../functions/core/keys/credentials.ts';
import { createSessionLookup } from '../../functions/edge/php.ts';
import { ManualClock } from '../fakes/clock.ts';
import { handshakeEvent, origin } from '../fakes/events.ts';
import { LoggedLines } from '../fakes/logged-lines.ts';
import { type SealingApp, startSealingApp } from '../fakes/sealing-app.ts';
import { sayNo } from '../fakes/signed-asker.ts';
import { contents, sealTicket } from '../fakes/ticket.ts';
import { WebServer } from '../fakes/web-server.ts';
import { type Gateway, startGateway } from '../gateway/gateway.ts';
import { connect, handshakeStatus } from '../socket-client.ts';

const root = join(import.meta.dirname, '..', '..');
const secret: PusherCredentials = { appId: 'app', key: 'key', secret: 'open sesame' };

// A PHP that counts, asked over HTTP by the authorizer's own code.
describe('a stranger causes in PHP', () => {
  let php: WebServer;
  beforeEach(async () => {
    php = await WebServer.start(sayNo(secret));
  });
  afterEach(() => php.close());

  function start(given: HandshakeOptions, timeoutMs = 2500) {
    const clock = new ManualClock();
    const options = resolveHandshakeOptions(given);
    const credentials = async () => deriveCredentials(secret);
    const settings = { ...options, endpoint: php.url('/getSessionID'), timeoutMs };
    const sessions = createSessionLookup(settings, credentials, clock, () => {});
    const origins = { allowedOrigins: [origin], allowMissingOrigin: false };
    const authorize = createAuthorizer({ origins, options, sessions, credentials, clock, log: new LoggedLines().log });
    const effectOf = async (...handshakes: Parameters<typeof handshakeEvent>) => {
      const { policyDocument } = await authorize(handshakeEvent(...handshakes));
      return policyDocument.Statement[0]?.Effect;
    };
    return { effectOf, clock, seconds: () => Math.floor(clock.now() / 1000) };
  }

  const modes: Readonly<Record<string, HandshakeOptions>> = {
    'session-id': { mode: 'session-id' },
    status: { mode: 'status' },
    ticket: { mode: 'ticket' },
    cookie: { mode: 'cookie' },
  };
  const invented = 'abcdefghijklmnopqrstuvwxyz';
  const [nothing, oneQuestion] = [0, 1];

  it.each(Object.entries(modes))(
    'nothing with a page of another origin, or without one, in mode %s',
    async (_, options) => {
      const { effectOf, seconds } = start(options);
      const tokens = [options.mode === 'ticket' ? sealTicket(secret, contents(seconds())) : invented];
      for (const Origin of [['https://evil.example.com'], undefined]) {
        const headers = { Cookie: [`PHPSESSID=${invented}`], Origin };
        expect(await effectOf({ tokens, headers })).toBe('Deny');
      }
      expect(php.requests).toHaveLength(nothing);
    },
  );

  it.each([
    ['session-id', ['a', `${invented}; admin=1`, `${invented}\r\nX: y`, 'x'.repeat(251)], nothing],
    ['status', ['a', `${invented}; admin=1`, 'x'.repeat(251)], nothing],
    ['ticket', ['a', 't1.key.AAAA', invented, 'x'.repeat(9000)], nothing],
  ])('nothing with a token of the wrong shape, in mode %s', async (mode, tokens, questions) => {
    const { effectOf } = start(modes[mode] ?? {});
    for (const token of tokens) expect(await effectOf({ tokens: [token] })).toBe('Deny');
    expect(php.requests).toHaveLength(questions);
  });

  it.each(['session-id', 'status'])('one request with an invented, well-formed id, in mode %s', async (mode) => {
    expect(await start(modes[mode] ?? {}).effectOf({ tokens: [invented] })).toBe('Deny');
    expect(php.requests).toHaveLength(oneQuestion);
  });

  it('one request with an invented cookie of the list, and nothing with any other, in mode cookie', async () => {
    const { effectOf } = start({ mode: 'cookie' });
    expect(await effectOf({ tokens: [], headers: { Cookie: ['theme=dark; OTHER=1'] } })).toBe('Deny');
    expect(php.requests).toHaveLength(nothing);
    expect(await effectOf({ tokens: [], headers: { Cookie: [`PHPSESSID=${invented}`] } })).toBe('Deny');
    expect(php.requests).toHaveLength(oneQuestion);
  });

  it('nothing with an invented, changed, expired or foreign ticket', async () => {
    const { effectOf, clock, seconds } = start({ mode: 'ticket' });
    const live = sealTicket(secret, contents(seconds()));
    const changed = live.slice(0, -3) + (live.endsWith('AAA') ? 'BBB' : 'AAA');
    const foreign = sealTicket({ ...secret, key: 'other' }, contents(seconds()));
    const invented = sealTicket({ ...secret, secret: 'a guess' }, contents(seconds()));
    for (const ticket of [changed, foreign, invented]) expect(await effectOf({ tokens: [ticket] })).toBe('Deny');
    await clock.advance((ticketLifetime + 6) * 1000);
    expect(await effectOf({ tokens: [live] })).toBe('Deny');
    expect(php.requests).toHaveLength(nothing);
  });

  it('one request each time with a valid, stolen ticket, for 35 seconds', async () => {
    const { effectOf, clock, seconds } = start({ mode: 'ticket' });
    const live = sealTicket(secret, contents(seconds()));
    for (let times = 0; times < 3; times += 1) await effectOf({ tokens: [live] });
    expect(php.requests).toHaveLength(3 * oneQuestion);
    await clock.advance((ticketLifetime + 6) * 1000);
    await effectOf({ tokens: [live] });
    expect(php.requests).toHaveLength(3 * oneQuestion);
  });

  it('nothing with the same ticket in trusted mode', async () => {
    const { effectOf, seconds } = start({ mode: 'ticket', sessionCheck: 'trust-ticket' });
    expect(await effectOf({ tokens: [sealTicket(secret, contents(seconds()))] })).toBe('Allow');
    expect(php.requests).toHaveLength(nothing);
  });

  it('no second request when PHP is slow: the gateway times out, and the handshake fails', async () => {
    php.mood = () => undefined;
    await expect(start({ mode: 'session-id' }, 150).effectOf({ tokens: [invented] })).rejects.toThrow('unavailable');
    expect(php.requests).toHaveLength(oneQuestion);
  });
});

describe('at the handshake', () => {
  let app: SealingApp;
  let gateway: Gateway;
  const deploy = async (context: Readonly<Record<string, string>>) => {
    app = await startSealingApp();
    const { url } = app;
    gateway = await startGateway({ sessionEndpoint: `${url}/getSessionID`, allowedOrigins: url, ...context });
    app.credentials = gateway.credentials;
  };
  afterEach(async () => {
    await gateway.close();
    await app.close();
  });

  it('a client without any token starts no Lambda, however often', async () => {
    await deploy({ mode: 'ticket' });
    const handshakes = Array.from({ length: 50 }, () => handshakeStatus(gateway.webSocketUrl, { origin: app.url }));
    expect(new Set(await Promise.all(handshakes))).toEqual(new Set([401]));
    expect(gateway.invocations('Authorizer')).toBe(0);
    expect(app.askedWith).toEqual([]);
  });

  it('a valid ticket that opened a socket opens no other, although PHP accepts it each time', async () => {
    await deploy({ mode: 'ticket' });
    const url = `${gateway.webSocketUrl}?token=${encodeURIComponent(app.seal())}`;
    const first = await connect(url, { origin: app.url });
    const replays = await Promise.all(Array.from({ length: 10 }, () => handshakeStatus(url, { origin: app.url })));
    expect(new Set(replays)).toEqual(new Set([403]));
    expect(app.askedWith).toHaveLength(11);
    expect(gateway.handshakes().filter((status) => status === 101)).toHaveLength(1);
    await first.close();
  });

  it('a flood of one kind logs one full line in a minute and environment, and counts exactly', async () => {
    await deploy({ mode: 'ticket' });
    const handshakes = 40;
    const url = `${gateway.webSocketUrl}?token=no-ticket`;
    for (let times = 0; times < handshakes; times += 1) {
      expect(await handshakeStatus(url, { origin: app.url })).toBe(403);
    }
    const counted = () => gateway.records().filter((record) => 'HandshakeRefused' in record);
    const written = () => counted().filter(({ message }) => message === 'handshake refused');
    await expect.poll(() => counted().length).toBe(handshakes);
    const environments = Object.entries(gateway.cloud.functions).find(([id]) => id.includes('Authorizer'))?.[1]
      .coldStarts;
    expect(written().length).toBe(environments);
    for (const record of counted()) expect(record).toMatchObject({ HandshakeRefused: 1, service: 'session-socket' });
    const bytes = (record: object) => JSON.stringify(record).length;
    const brief = counted().filter((record) => !('message' in record));
    // docs/strangers.md has these figures.
    for (const record of brief) expect(bytes(record)).toBeLessThanOrEqual(250);
    for (const record of written()) expect(bytes(record)).toBeLessThanOrEqual(410);

    gateway.cloud.clock.advance(60_000);
    expect(await handshakeStatus(url, { origin: 'https://evil.example.com' })).toBe(403);
    const suppressed = await gateway.logged(({ message }) => message === 'refusals suppressed');
    expect(suppressed).toMatchObject({ reason: 'malformed-ticket', level: 'INFO' });
  });

  it('a refusal writes its metric and nothing else, if Lambda’s own lines begin at WARN', async () => {
    await deploy({ mode: 'ticket', systemLogLevel: 'WARN' });
    const handshakes = 10;
    for (let times = 0; times < handshakes; times += 1) {
      await handshakeStatus(`${gateway.webSocketUrl}?token=no-ticket`, { origin: app.url });
    }
    const lines = () =>
      gateway.log.filter((entry) => entry.kind === 'function-output' && entry.function.includes('Authorizer'));
    await expect.poll(() => lines().length).toBe(handshakes);
    expect(gateway.records().filter((record) => record['HandshakeRefused'] === 1)).toHaveLength(handshakes);
  });

  it('a flood causes no more concurrent requests to PHP than configured', async () => {
    await deploy({ mode: 'ticket', maxConcurrentSessionChecks: '2' });
    let now = 0;
    let most = 0;
    app.whileAsked = async () => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
    };
    const url = () => `${gateway.webSocketUrl}?token=${encodeURIComponent(app.seal({ i: undefined }))}`;
    const statuses = await Promise.all(Array.from({ length: 30 }, () => handshakeStatus(url(), { origin: app.url })));
    expect(most).toBeLessThanOrEqual(2);
    expect(app.askedWith.length).toBeLessThan(30);
    expect(statuses).toContain(500);
  });
});

it('docs/strangers.md names existing tests', () => {
  const page = readFileSync(join(root, 'docs', 'strangers.md'), 'utf8');
  const named = [...page.matchAll(/`(test\/[^`]+\.ts)`: “([^”]+)”/g)];
  expect(named.length).toBeGreaterThan(10);
  for (const [, file = '', name = ''] of named) {
    expect({ file, name, isThere: readFileSync(join(root, file), 'utf8').includes(name) }).toMatchObject({
      isThere: true,
    });
  }
});
