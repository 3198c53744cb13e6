import { describe, expect, it } from 'vitest';
import type { Ask } from '../../doctor/ask.ts';
import { examine } from '../../doctor/examine.ts';
import type { Reply } from '../../doctor/reply.ts';
import { createRedaction } from '../../doctor/report.ts';
import { faultsIn, find } from './diagnose.ts';

const target = {
  url: new URL('https://app.example.com/getSessionID'),
  cookieName: 'PHPSESSID',
  cookie: 'PHPSESSID=0123456789abcdef0123456789abcdef',
  slowUrl: undefined,
  keys: { key: 'demo-key', secret: 'demo-secret: not for production' },
  sessionTimeoutMs: 2500,
};

const reply = (status: number, headers: Reply['headers'], body: string): Reply => ({
  ...{ status, headers: { 'cache-control': 'no-store', ...headers }, body, bytes: body.length },
  ...{ isTooLong: false, ms: 20, receivedAt: Date.now(), isKept: true },
});
const html = { 'content-type': 'text/html' };
const always =
  (answer: Reply): Ask =>
  async () =>
    answer;

describe('the doctor, when something in front of PHP answers', () => {
  it.each([
    [
      'a challenge',
      reply(403, { ...html, 'cf-mitigated': 'challenge' }, '<!DOCTYPE html><title>Just a moment...</title>'),
      '403 with the header cf-mitigated',
      'firewall or CDN',
    ],
    [
      'a challenge of AWS WAF, with 200',
      reply(200, { ...html, 'x-amzn-waf-action': 'captcha' }, '<!DOCTYPE html>'),
      '200 with the header x-amzn-waf-action',
      'firewall',
    ],
    [
      'HTTP Basic',
      reply(401, { 'www-authenticate': 'Basic realm="Staging"' }, ''),
      '401 with WWW-Authenticate',
      'SESSION_SOCKET_AUTHORIZATION',
    ],
    [
      'a redirect to another host',
      reply(302, { location: 'https://www.app.example.com/getSessionID' }, ''),
      '302 and leads to another host',
      'final URL',
    ],
    [
      'a redirect to itself',
      reply(302, { location: '/getSessionID/' }, ''),
      '302 and leads to the same path',
      'final URL',
    ],
  ])('reports exactly one problem: %s', async (_, answer, reason, fix) => {
    const results = await examine(target, always(answer));
    expect(faultsIn(results)).toEqual({
      'in front': `problem: something in front of PHP answered: it answered ${reason}`,
    });
    expect(find(results, 'in front').fix?.join(' ')).toContain(fix);
  });

  /** PHP answers the page and rejects a wrong signature with 421. Something else answers the gateway's request for an invented session. */
  it.each([
    [
      'a firewall’s page',
      reply(403, html, '<h1>403 Forbidden</h1>'),
      "problem: 403 without PHP's signature: something in front of PHP answered",
    ],
    [
      'a maintenance page',
      reply(302, { location: '/maintenance' }, ''),
      "problem: 302 without PHP's signature: something in front of PHP answered",
    ],
    [
      'an outdated PHP file',
      reply(403, { 'content-type': 'application/json' }, '{"error":"Nobody is logged in."}'),
      'problem: session-socket.php is outdated: its 403 is not signed',
    ],
  ])('reports it by the missing signature: %s', async (_, answer, fault) => {
    const json = { 'content-type': 'application/json' };
    const ask: Ask = async ({ headers }) => {
      if (headers['x-session-socket'] === undefined) {
        const isPage = headers['cookie'] === target.cookie && headers['sec-fetch-site'] === 'same-origin';
        return isPage ? reply(200, json, '"t1.demo-key.AAAA"') : reply(403, json, '{"error":"Nobody is logged in."}');
      }
      const isNobody = headers['cookie'] !== target.cookie;
      return isNobody ? answer : reply(421, json, '{"error":"…"}');
    };
    expect(faultsIn(await examine(target, ask))['no']).toBe(fault);
  });
});

describe('the Authorization header', () => {
  const authorization = 'Basic c3RhZ2luZzpodXNo';

  it('is sent with every request over https, and never without https', async () => {
    const sent = async (url: string) => {
      const headers: (string | undefined)[] = [];
      const ask: Ask = async (question) => {
        headers.push(question.headers['authorization']);
        return reply(403, { 'content-type': 'application/json' }, 'null');
      };
      await examine({ ...target, url: new URL(url), authorization }, ask);
      return new Set(headers);
    };
    expect(await sent('https://app.example.com/getSessionID')).toEqual(new Set([authorization]));
    expect(await sent('http://app.example.com/getSessionID')).toEqual(new Set([undefined]));
  });

  it('is not printed, neither encoded nor decoded', () => {
    const redact = createRedaction({ ...target, authorization });
    expect(redact(`${authorization} c3RhZ2luZzpodXNo staging:hush`)).toBe('… … …');
  });
});
