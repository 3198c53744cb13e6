import { request } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contextKeys } from '../assemblies/context-keys.ts';
import { connectRaw, frame } from '../assemblies/raw-client.ts';
import { type Chat, startChat } from '../assemblies/start-chat.ts';
import { connect, handshakeStatus } from '../socket-client.ts';

let chat: Chat;
let url: string;

beforeAll(async () => {
  chat = await startChat();
  url = chat.cloud.webSocketUrl;
});
afterAll(() => chat.close());

describe('the authorizer', () => {
  it('lets in who is allowed, and its context reaches every later event as strings (14, 20, 21)', async () => {
    const client = await connect(`${url}?token=allow`);
    client.send('hello');
    await client.next();
    client.socket.close();
    const context = { name: 'gonzalo', number: '7', flag: 'true', principalId: 'user:42' };
    for (const name of ['Connect', 'Message', 'Disconnect']) {
      const event = await chat.event(name);
      expect(event.requestContext.authorizer).toEqual(context);
    }
  });

  it('refuses with 401 and does not invoke the authorizer when the identity source is missing or empty (15)', async () => {
    const before = chat.cloud.functions.Authorizer?.invocations;
    expect(await handshakeStatus(url)).toBe(401);
    expect(await handshakeStatus(`${url}?token=`)).toBe(401);
    expect(await handshakeStatus(`${url}?Token=allow`)).toBe(401);
    expect(chat.cloud.functions.Authorizer?.invocations).toBe(before);
  });

  it.each([
    ['throws exactly Unauthorized (16)', 'unauthorized', 401],
    ['returns a Deny (17)', 'deny', 403],
    ['allows another resource, .../*/* included (18)', 'other-resource', 403],
    ['returns no policy (19)', 'no-policy', 500],
    ['returns a function, which has no JSON', 'function', 500],
    ['returns a malformed policy (19)', 'malformed', 500],
    ['throws anything else (19)', 'throws', 500],
    ['times out (19)', 'hangs', 500],
    ['names no principal', 'no-principal', 500],
    ['has an object in its context (21)', 'object-context', 500],
    ['returns more than 8 KB (25)', 'huge', 500],
  ])('when it %s, the handshake is refused and $connect is not invoked', async (_, token, status) => {
    const before = chat.cloud.functions.Connect?.invocations;
    expect(await handshakeStatus(`${url}?token=${token}`)).toBe(status);
    expect(chat.cloud.functions.Connect?.invocations).toBe(before);
  });

  it('may return no context: principalId is still there (22)', async () => {
    await handshakeStatus(`${url}?token=no-context`);
    const event = await chat.event('Connect', ({ queryStringParameters: q }) => q?.token === 'no-context');
    expect(event.requestContext.authorizer).toEqual({ principalId: 'user:42' });
  });

  it('is asked at every connection (24)', async () => {
    const before = chat.cloud.functions.Authorizer?.invocations ?? 0;
    await handshakeStatus(`${url}?token=allow`);
    await handshakeStatus(`${url}?token=allow`);
    expect(chat.cloud.functions.Authorizer?.invocations).toBe(before + 2);
  });

  it('gets the event of the specification (23)', async () => {
    await handshakeStatus(`${url}?token=allow&mark=shape`, { headers: { Cookie: 'PHPSESSID=abc' } });
    const event = await chat.event('Authorizer', ({ queryStringParameters: q }) => q?.mark === 'shape');
    expect(Object.keys(event)).toEqual([
      'type',
      'methodArn',
      'headers',
      'multiValueHeaders',
      'queryStringParameters',
      'multiValueQueryStringParameters',
      'stageVariables',
      'requestContext',
    ]);
    expect(event.type).toBe('REQUEST');
    expect(event.methodArn).toMatch(/^arn:aws:execute-api:us-east-1:123456789012:[a-z0-9]{10}\/prod\/\$connect$/);
    expect(event.headers).toMatchObject({ Connection: 'upgrade', 'content-length': '0', Upgrade: 'websocket' });
    expect(event.headers.Cookie).toBe('PHPSESSID=abc');
  });
});

describe('$connect', () => {
  it.each([
    ['400 (3)', '400', 400],
    ['401 (3)', '401', 401],
    ['403 (3)', '403', 403],
    ['302, a redirection, which is not followed and lets nobody in', '302', 302],
    ['304', '304', 304],
    ['502 for a 101, which only the gateway can give', '101', 502],
    ['502 when it throws (4)', 'throws', 502],
    ['502 when it exits (4)', 'exits', 502],
    ['502 when it returns no proxy response', 'malformed', 502],
    ['502 when it returns a function, which has no JSON', 'function', 502],
  ])('decides the status of the handshake: %s', async (_, behaviour, status) => {
    expect(await handshakeStatus(`${url}?token=allow&connect=${behaviour}`)).toBe(status);
  });

  it('runs once and before the 101 (2)', async () => {
    const before = chat.cloud.functions.Connect?.invocations ?? 0;
    const startedAt = Date.now();
    const client = await connect(`${url}?token=allow&connect=slow`);
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(290);
    expect(chat.cloud.functions.Connect?.invocations).toBe(before + 1);
    client.socket.close();
  });

  it('cannot post to its own connection: it does not exist yet (60)', async () => {
    expect(await handshakeStatus(`${url}?token=allow&connect=posts`)).toBe(418);
  });

  it('is followed by $disconnect when the handshake turns out to be unreadable', async () => {
    const { port } = new URL(url);
    const socket = connectTcp(Number(port), '127.0.0.1');
    socket.write('GET /prod?token=allow&mark=malformed HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n');
    socket.write('Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n');
    socket.write('Sec-WebSocket-Extensions: permessage-deflate; bogus=1\r\n\r\n');
    await chat.until((entry) => entry.kind === 'handshake' && entry.status === 400);
    const isMarked = (event: { queryStringParameters?: Readonly<Record<string, string>> }) =>
      event.queryStringParameters?.mark === 'malformed';
    const { requestContext } = await chat.event('Connect', isMarked);
    await chat.event('Disconnect', (event) => event.requestContext.connectionId === requestContext.connectionId);
    socket.destroy();
  });

  it('registers nothing when the client goes away meanwhile (5)', async () => {
    const { port } = new URL(url);
    const socket = connectTcp(Number(port), '127.0.0.1');
    const path = '/prod?token=allow&connect=slow&mark=gone';
    const key = 'dGhlIHNhbXBsZSBub25jZQ==';
    socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`);
    socket.write(`Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`);
    const isMarked = (event: { queryStringParameters?: Readonly<Record<string, string>> }) =>
      event.queryStringParameters?.mark === 'gone';
    const { requestContext } = await chat.event('Connect', isMarked);
    socket.end();
    await chat.until((entry) => entry.kind === 'handshake' && entry.reason === 'the client went away');
    const id = encodeURIComponent(requestContext.connectionId);
    const answer = await fetch(`${url.replace('ws:', 'http:')}/@connections/${id}`);
    expect(answer.status).toBe(410);
    const isTheirs = (event: { requestContext: { connectionId: string } }) =>
      event.requestContext.connectionId === requestContext.connectionId;
    const { requestContext: end } = await chat.event('Disconnect', isTheirs);
    expect(end).toMatchObject({ disconnectStatusCode: 1006, disconnectReason: '' });
  });

  it.each([
    ['together with the handshake', true],
    ['while $connect runs', false],
  ])('loses no frame that comes before the 101: %s', async (mark, isAtOnce) => {
    const early = frame(1, mark);
    const path = `${url}?token=allow&connect=slow&mark=${encodeURIComponent(mark)}`;
    const client = await connectRaw(path, isAtOnce ? early : '');
    await chat.event('Connect', ({ queryStringParameters: q }) => q?.mark === mark);
    if (!isAtOnce) client.socket.write(early, 'latin1');
    expect(await client.until(`{"echo":"${mark}"`)).toMatch(/^HTTP\/1\.1 101 /);
    client.socket.destroy();
  });

  it('chooses the subprotocol, and none of its other headers is sent (6, 7)', async () => {
    const chosen = await connect(`${url}?token=allow&protocol=b`, { protocols: ['a', 'b'] });
    expect(chosen.socket.protocol).toBe('b');
    expect(Object.keys(chosen.headers).sort()).toEqual([
      'connection',
      'sec-websocket-accept',
      'sec-websocket-extensions',
      'sec-websocket-protocol',
      'upgrade',
    ]);
    chosen.socket.close();
    await expect(connect(`${url}?token=allow`, { protocols: ['a'] })).rejects.toThrow('Server sent no subprotocol');
  });

  it('gets the event of the specification, key for key (27, 28, 29, 30)', async () => {
    await handshakeStatus(`${url}?token=allow&mark=connect`, { headers: { 'X-Own-CASE': 'kept' } });
    const event = await chat.event('Connect', ({ queryStringParameters: q }) => q?.mark === 'connect');
    expect(Object.keys(event)).toEqual([
      'headers',
      'multiValueHeaders',
      'queryStringParameters',
      'multiValueQueryStringParameters',
      'requestContext',
      'isBase64Encoded',
    ]);
    expect(Object.keys(event.headers)).toEqual([
      'Host',
      'Sec-WebSocket-Extensions',
      'Sec-WebSocket-Key',
      'Sec-WebSocket-Version',
      'X-Amzn-Trace-Id',
      'X-Forwarded-For',
      'X-Forwarded-Port',
      'X-Forwarded-Proto',
      'X-Own-CASE',
    ]);
    expect(Object.keys(event.requestContext)).toEqual(contextKeys);
    expect(event.requestContext.identity).toEqual({ sourceIp: '127.0.0.1' });
    expect(event.requestContext.requestId).toBe(event.requestContext.extendedRequestId);
    expect(event.requestContext.connectionId).toMatch(/^[A-Za-z0-9_-]{15}=$/);
    expect(event.requestContext.connectedAt).toBeLessThanOrEqual(event.requestContext.requestTimeEpoch);
    expect(event.requestContext.domainName).toBe(new URL(url).host);
  });

  it('sees the connection id that the authorizer saw (12)', async () => {
    await handshakeStatus(`${url}?token=allow&mark=same`);
    const isMarked = ({ queryStringParameters: q }: { queryStringParameters?: Readonly<Record<string, string>> }) =>
      q?.mark === 'same';
    const [first, second] = [await chat.event('Authorizer', isMarked), await chat.event('Connect', isMarked)];
    expect(second.requestContext.connectionId).toBe(first.requestContext.connectionId);
    expect(second.headers['X-Amzn-Trace-Id']).toBe(first.headers['X-Amzn-Trace-Id']);
  });

  it('gets repeated and escaped query parameters decoded, line breaks included (11)', async () => {
    await handshakeStatus(`${url}?token=allow&mark=query&x=1&x=2&line=a%0d%0ab&broken=%zz`);
    const event = await chat.event('Connect', ({ queryStringParameters: q }) => q?.mark === 'query');
    expect(event.queryStringParameters).toMatchObject({ x: '2', line: 'a\r\nb', broken: '%zz' });
    expect(event.multiValueQueryStringParameters?.x).toEqual(['1', '2']);
  });

  it('learns of the User-Agent when there is one (30)', async () => {
    await handshakeStatus(`${url}?token=allow&mark=agent`, { headers: { 'User-Agent': 'test/1' } });
    const event = await chat.event('Connect', ({ queryStringParameters: q }) => q?.mark === 'agent');
    expect(event.requestContext.identity).toEqual({ userAgent: 'test/1', sourceIp: '127.0.0.1' });
  });
});

describe('the endpoint', () => {
  it('answers a plain GET with 426 (9)', async () => {
    expect((await fetch(url.replace('ws:', 'http:'))).status).toBe(426);
  });

  it('refuses an unknown stage and an unknown path (10)', async () => {
    const { origin } = new URL(url);
    expect(await handshakeStatus(`${origin}/other?token=allow`)).toBe(403);
    expect(await handshakeStatus(`${origin}/?token=allow`)).toBe(403);
    expect(await handshakeStatus(`${origin}/prod/more?token=allow`)).toBe(403);
    expect(await handshakeStatus(`${origin}/prod/?token=allow`)).toBe(101);
  });

  it('answers a token of 64 KB in the URL, and one in a header reaches the authorizer', async () => {
    const long = 'x'.repeat(64 * 1024);
    expect(await handshakeStatus(`${url}?token=${long}`)).toBe(414);
    expect(await handshakeStatus(`${url}?token=deny`, { headers: { 'X-Token': long } })).toBe(403);
  });

  it('refuses another upgrade and a broken key without asking anybody', async () => {
    const { port } = new URL(url);
    const status = (headers: Record<string, string>) =>
      new Promise<number | undefined>((resolve, reject) => {
        const options = { host: '127.0.0.1', port, path: '/prod?token=allow' };
        const outgoing = request({ ...options, headers: { Connection: 'Upgrade', ...headers } }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        outgoing.on('error', reject);
        outgoing.end();
      });
    expect(await status({ Upgrade: 'h2c' })).toBe(400);
    expect(await status({ Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'no' })).toBe(400);
  });

  it('accepts an offer of permessage-deflate (8)', async () => {
    const client = await connect(`${url}?token=allow`);
    expect(client.socket.extensions).toContain('permessage-deflate');
    client.socket.close();
  });
});

describe('without a $connect integration', () => {
  it('the upgrade succeeds (1)', async () => {
    const open = await startChat({
      change({ Resources }) {
        delete Resources.ConnectRoute;
      },
    });
    expect(await handshakeStatus(open.cloud.webSocketUrl)).toBe(101);
    await open.close();
  });
});
