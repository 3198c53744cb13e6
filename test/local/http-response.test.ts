import { describe, expect, it } from 'vitest';
import { toHttpResponse } from '../../local/http-api/payload-format.ts';
import { failure } from '../../local/lambda/invocation.ts';

const answerOf = (answer: unknown) => toHttpResponse({ outcome: 'returned', payload: JSON.stringify(answer) });

it('an integration that failed is a 503 when API Gateway lost its patience, whatever the function calls its errors', () => {
  const timeout = failure('IntegrationTimeout', 'too long');
  expect(toHttpResponse(timeout).status).toBe(500);
  expect(toHttpResponse({ ...timeout, cause: 'timed out' }).status).toBe(503);
});

describe('what a function answers to an HTTP API', () => {
  // A header that Node.js refused to send once ended the process: it was set inside a promise that nobody watched.
  it.each([
    ['a header whose name is none', { headers: { 'not a name': 'x' } }],
    ['a line break in a header', { headers: { location: '/\r\nx: y' } }],
    ['a character that no header has', { headers: { 'x-price': '5 €' } }],
    ['a line break in a cookie', { cookies: ['a=1\nb'] }],
    ['a header that is an object', { headers: { 'x-own': { toString: 1 } } }],
    ['a status that is an object', { statusCode: { valueOf: 1, toString: 1 } }],
    ['a status that is no final one', { statusCode: 101 }],
  ])('is a 500 with %s', (_, answer) => {
    const { status, headers, body } = answerOf({ statusCode: 200, ...answer });
    expect([status, String(body)]).toEqual([500, '{"message":"Internal Server Error"}']);
    expect(headers).toEqual([['content-type', 'application/json']]);
  });

  it('has its own headers and cookies, as text, without those of the hop', () => {
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
