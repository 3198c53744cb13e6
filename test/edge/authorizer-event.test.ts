import { describe, expect, it } from 'vitest';
import { allow, deny, readHeader, readTokens } from '../../functions/edge/authorizer-event.ts';
import { handshakeEvent, methodArn } from '../fakes/events.ts';

describe('a header', () => {
  it.each(['Origin', 'origin', 'ORIGIN', 'oRiGiN'])('is found when the client spells it %s', (name) => {
    const event = handshakeEvent({ headers: { Origin: undefined, [name]: ['https://a'] } });
    expect(readHeader(event, 'origin')).toBe('https://a');
  });

  it('that occurs twice is both values, so that it matches nothing', () => {
    expect(readHeader(handshakeEvent({ headers: { Origin: ['https://a', 'https://b'] } }), 'origin')).toBe(
      'https://a, https://b',
    );
    expect(readHeader(handshakeEvent({ headers: { Origin: ['https://a'], origin: ['https://b'] } }), 'origin')).toBe(
      'https://a, https://b',
    );
  });

  it('that is empty does not count as missing', () => {
    expect(readHeader(handshakeEvent({ headers: { Origin: [''] } }), 'origin')).toBe('');
  });

  it.each([
    ['not there', { Origin: undefined }],
    ['without a value', { Origin: [] }],
    ['only like another name', { Origin: undefined, 'X-Origin': ['https://a'], Origins: ['https://a'] }],
  ])('that is %s is undefined', (_, headers) => {
    expect(readHeader(handshakeEvent({ headers }), 'origin')).toBeUndefined();
  });

  it('is undefined in an event without headers', () => {
    expect(readHeader({ ...handshakeEvent(), multiValueHeaders: null }, 'origin')).toBeUndefined();
  });
});

describe('tokens', () => {
  it('are all read, including repeated ones', () => {
    expect(readTokens(handshakeEvent({ tokens: ['a', 'b'] }))).toEqual(['a', 'b']);
  });

  it('are none in an event without a query', () => {
    expect(readTokens(handshakeEvent({ tokens: [] }))).toEqual([]);
    expect(readTokens({ ...handshakeEvent(), multiValueQueryStringParameters: null })).toEqual([]);
  });

  it('are not taken from a parameter of another name', () => {
    expect(
      readTokens({ ...handshakeEvent(), multiValueQueryStringParameters: { Token: ['a'], 'token[]': ['b'] } }),
    ).toEqual([]);
  });

  it.each([
    [['session-socket, t1.k.x'], ['t1.k.x']],
    [['session-socket,t1.k.x'], ['t1.k.x']],
    [['session-socket', 't1.k.x'], ['t1.k.x']],
    [['session-socket, t1.k.x, other'], ['t1.k.x', 'other']],
    [['session-socket'], []],
    [['t1.k.x, session-socket'], []],
    [['t1.k.x'], []],
    [['Session-Socket, t1.k.x'], []],
    [[''], []],
    [undefined, []],
  ])('are the values after session-socket in the sub-protocols %j', (protocols, tokens) => {
    for (const name of ['Sec-WebSocket-Protocol', 'sec-websocket-protocol']) {
      expect(readTokens(handshakeEvent({ headers: { [name]: protocols } }), 'subprotocol')).toEqual(tokens);
    }
  });

  it('are the whole Cookie headers, and nothing that a page can set elsewhere', () => {
    expect(readTokens(handshakeEvent({ headers: { Cookie: ['a=1; b=2'] } }), 'cookie')).toEqual(['a=1; b=2']);
    expect(readTokens(handshakeEvent(), 'cookie')).toEqual([]);
  });
});

describe('the policy', () => {
  const context = { principalId: 'user:42', sessionHash: 'abc', authorizedAt: '1790000000000' };

  it('allows exactly this handshake, with its identity as strings', () => {
    expect(allow(methodArn, context)).toEqual({
      principalId: 'user:42',
      context: { sessionHash: 'abc', authorizedAt: '1790000000000' },
      policyDocument: {
        Version: '2012-10-17',
        Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: methodArn }],
      },
    });
  });

  it('denies exactly this handshake, without a context', () => {
    expect(deny(methodArn)).toEqual({
      principalId: 'nobody',
      policyDocument: {
        Version: '2012-10-17',
        Statement: [{ Action: 'execute-api:Invoke', Effect: 'Deny', Resource: methodArn }],
      },
    });
  });
});
