import { describe, expect, it } from 'vitest';
import { toHttpResponse } from '../../../local/http-api/payload-format.ts';
import { failure } from '../../../local/lambda/invocation.ts';

const answerOf = (answer: unknown) => toHttpResponse({ outcome: 'returned', payload: JSON.stringify(answer) });

it('a failed integration is a 503 only for a timeout of API Gateway, regardless of the error type', () => {
  const timeout = failure('IntegrationTimeout', 'too long');
  expect(toHttpResponse(timeout).status).toBe(500);
  expect(toHttpResponse({ ...timeout, cause: 'timed out' }).status).toBe(503);
});

describe('what a function answers to an HTTP API', () => {
  // A header that Node.js rejects once ended the process by an unhandled rejection.
  it.each([
    ['an invalid header name', { headers: { 'not a name': 'x' } }],
    ['a line break in a header', { headers: { location: '/\r\nx: y' } }],
    ['an invalid character in a header', { headers: { 'x-price': '5 €' } }],
    ['a line break in a cookie', { cookies: ['a=1\nb'] }],
    ['a header that is an object', { headers: { 'x-own': { toString: 1 } } }],
    ['a status that is an object', { statusCode: { valueOf: 1, toString: 1 } }],
    ['a status that is not final', { statusCode: 101 }],
  ])('is a 500 with %s', (_, answer) => {
    const { status, headers, body } = answerOf({ statusCode: 200, ...answer });
    expect([status, String(body)]).toEqual([500, '{"message":"Internal Server Error"}']);
    expect(headers).toEqual([['content-type', 'application/json']]);
  });

  it('has its own headers and cookies as text, without hop-by-hop headers', () => {
    const headers = { 'X-Number': 7, 'X-Flag': true, Trailer: 'x-late', 'Content-Length': 99 };
    expect(answerOf({ statusCode: '201', headers, cookies: ['a=1'] })).toEqual({
      status: 201,
      headers: [
        ['x-number', '7'],
        ['x-flag', 'true'],
        ['content-type', 'text/plain;charset=UTF-8'],
        ['set-cookie', 'a=1'],
      ],
      body: Buffer.from(''),
    });
  });
});
