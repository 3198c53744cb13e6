import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outcomes } from '../../doctor/check.ts';
import { examine } from '../../doctor/examine.ts';
import { type Answered, readSetCookie } from '../../doctor/reply.ts';
import { createRedaction, report, reportJson } from '../../doctor/report.ts';
import { anyText } from '../fakes/any-text.ts';

const sessionId = '0123456789abcdef0123456789abcdef';
const target = {
  url: new URL('https://app.example.com/getSessionID?query=hidden'),
  cookieName: 'PHPSESSID',
  cookie: `PHPSESSID=${sessionId}`,
  slowUrl: undefined,
  keys: { key: 'demo-key', secret: 'demo-secret: not for production' },
  sessionTimeoutMs: 2500,
};
const interesting = ['null', '""', '"x"', '{', '<!doctype html>', '{"sessionId":5}', `"${sessionId}"`, '"t1.k.abc"'];
const anyHeader = fc.oneof(
  anyText,
  fc.constantFrom('application/json', 'no-store', 'true', '*', sessionId, `/a/${sessionId}?x=${sessionId}`),
);
const anyAnswer: fc.Arbitrary<Answered> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ failure: anyText, ms: fc.nat(10_000) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      status: fc.oneof(fc.integer({ min: 0, max: 999 }), fc.constantFrom(200, 302, 403, 421)),
      headers: fc.record(
        {
          'content-type': anyHeader,
          'cache-control': anyHeader,
          location: anyHeader,
          date: anyHeader,
          age: anyHeader,
          etag: anyHeader,
          'access-control-allow-origin': anyHeader,
          'set-cookie': fc.array(fc.oneof(anyText, fc.constant(`PHPSESSID=${sessionId}; domain=${sessionId}`))),
        },
        { requiredKeys: [] },
      ),
      body: fc.oneof(anyText, fc.constantFrom(...interesting)),
      bytes: fc.nat(100_000),
      isTooLong: fc.boolean(),
      ms: fc.nat(10_000),
      receivedAt: fc.constant(Date.now()),
      isKept: fc.boolean(),
    }),
  },
);

describe('the doctor, for random answers', () => {
  it('returns a finding for each check and prints no secret', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyAnswer, { minLength: 1, maxLength: 12 }), async (answers) => {
        let asked = 0;
        const ask = async () => answers[asked++ % answers.length] ?? { failure: 'none', ms: 0 };
        const results = await examine(target, ask);
        for (const { outcome } of results) expect(outcomes).toContain(outcome);
        const redact = createRedaction(target);
        const printed = report('x', results, (_, text) => text) + reportJson('x', results);
        expect(redact(printed)).not.toContain(sessionId);
        expect(printed).not.toContain('demo-secret');
        // No answer can move the terminal's cursor.
        expect(report('x', results, (_, text) => text)).toMatch(/^[\x20-\x7e\n…]*$/);
      }),
      { numRuns: 150 },
    );
  });

  it('parses any Set-Cookie header', () => {
    fc.assert(
      fc.property(anyText, (line) => {
        expect(readSetCookie(line).name).not.toMatch(/[=;]/);
      }),
    );
    const { name, value, attributes } = readSetCookie(' a = b=c ;HTTPONLY; Domain = x ; =; ;SameSite');
    expect({ name, value }).toEqual({ name: 'a', value: 'b=c' });
    expect([...attributes]).toEqual([
      ['httponly', ''],
      ['domain', 'x'],
      ['', ''],
      ['samesite', ''],
    ]);
  });
});
