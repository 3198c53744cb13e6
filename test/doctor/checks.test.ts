import { describe, expect, it } from 'vitest';
import type { Ask, Question } from '../../doctor/ask.ts';
import { examine } from '../../doctor/examine.ts';
import type { Reply } from '../../doctor/reply.ts';
import { createRedaction } from '../../doctor/report.ts';
import { faultsIn, find } from './diagnose.ts';

const sessionId = '0123456789abcdef0123456789abcdef';
const target = {
  url: new URL('https://app.example.com/getSessionID'),
  cookieName: 'PHPSESSID',
  cookie: `PHPSESSID=${sessionId}`,
  slowUrl: undefined,
  keys: undefined,
  sessionTimeoutMs: 2500,
};

const reply = (change: Partial<Reply> = {}): Reply => ({
  status: 403,
  body: 'null',
  bytes: 4,
  isTooLong: false,
  ms: 20,
  receivedAt: Date.now(),
  isKept: true,
  ...change,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...change.headers },
});

/** A healthy app behind https that uses tickets, except for the given changes. */
const healthyBut =
  (change: Partial<Reply> = {}): Ask =>
  async ({ headers }) => {
    const isOwn = headers['cookie'] === target.cookie && headers['sec-fetch-site'] === 'same-origin';
    return reply({ ...(isOwn && { status: 200, body: '"t1.demo-key.AAAA"' }), ...change });
  };

describe('the doctor, for an app behind https', () => {
  it('finds no faults in a healthy app', async () => {
    const results = await examine(target, healthyBut());
    expect(faultsIn(results)).toEqual({});
    for (const name of ['https', 'keep-alive', 'mode']) expect(find(results, name).outcome).toBe('ok');
  });

  it.each<[string, Partial<Reply>, object]>([
    ['no connection is kept', { isKept: false }, { 'keep-alive': 'warning: every request opens a new connection' }],
    [
      'the answer is only private',
      { headers: { 'cache-control': 'private', 'cf-ray': '1' } },
      { cache: 'warning: Cache-Control is private, which is not no-store, and it comes through Cloudflare' },
    ],
    [
      'a CDN had the answer',
      { headers: { 'x-cache': 'Hit from cloudfront' } },
      { cache: 'problem: a cache answered instead of PHP' },
    ],
    [
      'every origin is allowed',
      { headers: { 'access-control-allow-origin': '*' } },
      { cors: 'warning: any site may read it, though without cookies' },
    ],
    [
      'sandboxed frames are allowed',
      { headers: { 'access-control-allow-origin': 'null' } },
      { cors: 'warning: sandboxed frames of any site may read it' },
    ],
    [
      'the clock is two minutes ahead',
      { headers: { date: new Date(Date.now() + 120_000).toUTCString() } },
      { clock: expect.stringMatching(/^warning: the app's is 1[12]\d s ahead of this machine's$/) },
    ],
    ['it takes a second', { ms: 1000 }, { time: 'warning: 1000 ms of at most 2500 ms' }],
    ['it is long', { bytes: 9000 }, { size: 'warning: 9000 bytes' }],
  ])('reports that %s', async (_, change, faults) => {
    expect(faultsIn(await examine(target, healthyBut(change)))).toEqual(faults);
  });

  it.each([
    ['HttpOnly; Secure; SameSite=Lax', undefined],
    ['HTTPONLY; secure; samesite=strict', undefined],
    ['HttpOnly; SameSite=Lax', 'problem: without Secure'],
    ['Secure; SameSite=Lax', 'problem: without HttpOnly'],
    ['HttpOnly; Secure', 'warning: without SameSite'],
    ['HttpOnly; Secure; SameSite=None', 'warning: with SameSite=None'],
    ['HttpOnly; Secure; SameSite=Lax; Domain=.example.com', 'warning: for all of .example.com'],
  ])('reports a cookie with %s: %s', async (attributes, fault) => {
    const change = { headers: { 'set-cookie': [`PHPSESSID=${'f'.repeat(32)}; path=/; ${attributes}`] } };
    expect(faultsIn(await examine(target, healthyBut(change)))['cookie']).toBe(fault);
  });

  it('reports a kept invented id, if a cookie shows it', async () => {
    const ask: Ask = async ({ headers: { cookie = '' } }) =>
      reply({ headers: { 'set-cookie': [`${cookie}; path=/`] } });
    expect(faultsIn(await examine({ ...target, cookie: undefined }, ask))).toMatchObject({
      'invented id': 'problem: an invented id is kept',
    });
  });

  it("accepts CORS for the app's own origin", async () => {
    const change = { headers: { 'access-control-allow-origin': 'https://app.example.com' } };
    expect(faultsIn(await examine(target, healthyBut(change)))).toEqual({});
  });
});

describe('the doctor, while another page of the same user is running', () => {
  const slowUrl = new URL('https://app.example.com/report');

  it('distinguishes a lock from a server that answers one request at a time', async () => {
    let isAtWork = false;
    const ask: Ask = (question) => {
      if (question.url !== slowUrl) return healthyBut({ ms: isAtWork ? 900 : 20 })(question);
      isAtWork = true;
      return new Promise(() => {});
    };
    expect(faultsIn(await examine({ ...target, slowUrl }, ask))).toEqual({
      lock: 'problem: even a request without a session waited 900 ms for the slow page',
    });
  });
});

describe('the doctor’s requests', () => {
  const keys = { key: 'demo-key', secret: 'demo-secret: not for production' };

  async function askedOf(url: string): Promise<readonly Question[]> {
    const asked: Question[] = [];
    const ask: Ask = async (question) => {
      asked.push(question);
      return healthyBut()(question);
    };
    await examine({ ...target, keys, url: new URL(url), slowUrl: new URL('/report', url) }, ask);
    return asked;
  }

  it('contain neither cookie nor signature without https', async () => {
    const asked = await askedOf('http://app.example.com/getSessionID');
    expect(asked.length).toBeGreaterThan(5);
    for (const { headers } of asked) {
      expect(headers['cookie']).not.toBe(target.cookie);
      expect(headers).not.toHaveProperty('x-session-socket');
    }
  });

  it('never contain the secret, and use one invented id per run, a new one for each run', async () => {
    const [asked, again] = [await askedOf(String(target.url)), await askedOf(String(target.url))];
    expect(JSON.stringify(asked)).not.toContain('demo-secret');
    const invented = (questions: readonly Question[]) =>
      questions
        .map(({ headers }) => headers['cookie'])
        .filter((cookie) => ![undefined, target.cookie].includes(cookie));
    expect(invented(asked).length).toBeGreaterThan(1);
    expect(new Set(invented(asked)).size).toBe(1);
    expect(invented(again)[0]).not.toBe(invented(asked)[0]);
  });
});

describe('the doctor’s output', () => {
  it('contains neither cookies nor their values, encoded or not', () => {
    const redact = createRedaction({ ...target, cookie: 'a=short; PHPSESSID=abcdefghijklmnop%2Cqrstuvwxyz' });
    expect(redact('short /abcdefghijklmnop%2Cqrstuvwxyz /abcdefghijklmnop,qrstuvwxyz')).toBe('short /… /…');
  });
});
