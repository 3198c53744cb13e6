import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { openAtRest, type Question, sealAtRest } from '../../../functions/core/handshake/at-rest.ts';
import { deriveCredentials } from '../../../functions/core/keys/credentials.ts';

const ours = { appId: 'app', key: 'key', secret: 'open sesame' };
const credentials = deriveCredentials(ours);
const [hash, otherHash] = ['a'.repeat(64), 'b'.repeat(64)];
const question: Question = { cookieHeader: 'SID=a%20b; wp_1="x"', sessionId: 'a b', userAgent: 'Firefox' };
const seal = (what = question, by = credentials) => sealAtRest(what, hash, by, randomBytes(12));

it('opens what it sealed, byte for byte', () => {
  expect(openAtRest(seal(), hash, credentials)).toEqual(question);
  const plain = { cookieHeader: question.cookieHeader, sessionId: 'ü' };
  expect(openAtRest(seal(plain), hash, credentials)).toEqual(plain);
});

it('has a form of its own, and never the same text twice', () => {
  expect(seal()).toMatch(/^r1\.[A-Za-z0-9_-]+$/);
  expect(seal()).not.toBe(seal());
});

it('opens for nobody else: not for another session, another app or another secret', () => {
  expect(openAtRest(seal(), otherHash, credentials)).toBeUndefined();
  expect(openAtRest(seal(), hash, deriveCredentials({ ...ours, appId: 'other' }))).toBeUndefined();
  expect(openAtRest(seal(), hash, deriveCredentials({ ...ours, secret: 'other' }))).toBeUndefined();
});

it('opens with the secret before, while the gateway holds it', () => {
  const changed = { ...ours, secret: 'new', previousSecret: ours.secret };
  expect(openAtRest(seal(), hash, deriveCredentials(changed))).toEqual(question);
});

it('does not open with any bit of it changed, cut off, or in another form', () => {
  const text = seal();
  const sealed = Buffer.from(text.slice(3), 'base64url');
  for (let bit = 0; bit < sealed.length * 8; bit += 1) {
    const changed = Buffer.from(sealed);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(openAtRest(`r1.${changed.toString('base64url')}`, hash, credentials)).toBeUndefined();
  }
  for (const other of [
    '',
    'r1.',
    'r1',
    'r2.x',
    text.slice(0, 40),
    text.slice(0, -1),
    `${text}.`,
    `t1${text.slice(2)}`,
  ]) {
    expect(openAtRest(other, hash, credentials)).toBeUndefined();
  }
});

it('is small enough for the context, for the largest cookie of a ticket', () => {
  const largest = { cookieHeader: 'x'.repeat(2048), sessionId: 'x'.repeat(128), userAgent: 'x'.repeat(128) };
  expect(seal(largest).length).toBeLessThan(3200);
});
