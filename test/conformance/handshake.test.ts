import { afterAll, beforeAll, expect, it } from 'vitest';
import { setProperties } from '../assemblies/chat.ts';
import { connectRaw } from '../assemblies/raw-client.ts';
import { type GatewayEvent, startChat } from '../assemblies/start-chat.ts';
import { connect, handshakeStatus } from '../socket-client.ts';
import { itHere, startTarget, type Target } from './target.ts';

let target: Target;
let url: string;

beforeAll(async () => {
  target = await startTarget();
  url = `${target.webSocketUrl}?token=allow`;
});
afterAll(() => target.close());

const isMarked =
  (mark: string) =>
  ({ queryStringParameters: query }: GatewayEvent) =>
    query?.['mark'] === mark;

itHere('#1 without a $connect integration the upgrade succeeds', async () => {
  const open = await startChat({ change: ({ Resources }) => void delete Resources['ConnectRoute'] });
  expect(await handshakeStatus(open.cloud.webSocketUrl)).toBe(101);
  await open.close();
});

itHere('#2 $connect runs once, and the socket opens only after it returned', async () => {
  const before = target.chat.cloud.functions['Connect']?.invocations ?? 0;
  const startedAt = Date.now();
  const client = await connect(`${url}&connect=slow`);
  expect(Date.now() - startedAt).toBeGreaterThanOrEqual(290);
  expect(target.chat.cloud.functions['Connect']?.invocations).toBe(before + 1);
  await client.close();
});

it.each([400, 401, 403, 500])('#3 a %d from $connect is the status of the handshake', async (status) => {
  expect(await handshakeStatus(`${url}&connect=${status}`)).toBe(status);
});

it.each(['throws', 'exits', 'malformed'])('#4 a $connect that %s makes it a 502', async (behaviour) => {
  expect(await handshakeStatus(`${url}&connect=${behaviour}`)).toBe(502);
});

itHere('#4 a $connect that cannot be loaded makes it a 502', async () => {
  const broken = await startChat({
    change: (template) => setProperties(template, 'Connect', { Code: { S3Bucket: 'assets', S3Key: 'broken.zip' } }),
  });
  expect(await handshakeStatus(`${broken.cloud.webSocketUrl}?token=allow`)).toBe(502);
  await broken.close();
});

itHere('#5 a client that leaves meanwhile is not registered, and $disconnect runs for it', async () => {
  const client = await connectRaw(`${url}&connect=slow&mark=gone`);
  const { requestContext } = await target.chat.event('Connect', isMarked('gone'));
  client.socket.end();
  await target.chat.until((entry) => entry.kind === 'handshake' && entry.reason === 'the client went away');
  const isTheirs = (event: GatewayEvent) => event.requestContext.connectionId === requestContext.connectionId;
  const { requestContext: end } = await target.chat.event('Disconnect', isTheirs);
  expect(end).toMatchObject({ disconnectStatusCode: 1006, disconnectReason: '' });
});

it('#6 the sub-protocol that $connect returns is chosen', async () => {
  const client = await connect(`${url}&protocol=b`, { protocols: ['a', 'b'] });
  expect(client.socket.protocol).toBe('b');
  await client.close();
});

it('#6 none is chosen when it returns none, and then a browser fails', async () => {
  await expect(connect(url, { protocols: ['a'] })).rejects.toThrow('Server sent no subprotocol');
});

it('#7 #N5 no other header of $connect reaches the 101', async () => {
  const client = await connect(url);
  expect(client.headers).toHaveProperty('sec-websocket-accept');
  expect(client.headers).not.toHaveProperty('set-cookie');
  expect(client.headers).not.toHaveProperty('x-own');
  await client.close();
});

it('#8 an offer of permessage-deflate is accepted', async () => {
  const client = await connect(url);
  expect(client.socket.extensions).toContain('permessage-deflate');
  await client.close();
});

it('#9 a plain GET gets a 426', async () => {
  expect((await fetch(target.webSocketUrl.replace(/^ws/, 'http'))).status).toBe(426);
});

itHere('#10 an unknown stage and an unknown path are refused', async () => {
  const { origin, pathname } = new URL(url);
  expect(await handshakeStatus(`${origin}/other?token=allow`)).toBe(403);
  expect(await handshakeStatus(`${origin}/?token=allow`)).toBe(403);
  expect(await handshakeStatus(`${origin}${pathname}/more?token=allow`)).toBe(403);
  expect(await handshakeStatus(`${origin}${pathname}/?token=allow`)).toBe(101);
});

itHere('#11 repeated and escaped query parameters arrive decoded, line breaks included', async () => {
  await handshakeStatus(`${url}&mark=query&x=1&x=2&line=a%0d%0ab&broken=%zz`);
  const event = await target.chat.event('Connect', isMarked('query'));
  expect(event.queryStringParameters).toMatchObject({ x: '2', line: 'a\r\nb', broken: '%zz' });
  expect(event.multiValueQueryStringParameters?.['x']).toEqual(['1', '2']);
});

itHere('#11 without a query string both keys are absent', async () => {
  const open = await startChat({
    change: (template) => setProperties(template, 'ConnectRoute', { AuthorizationType: 'NONE' }),
  });
  await handshakeStatus(open.cloud.webSocketUrl);
  const event = await open.event('Connect');
  expect(event).not.toHaveProperty('queryStringParameters');
  expect(event).not.toHaveProperty('multiValueQueryStringParameters');
  await open.close();
});

itHere('#12 each connection has an id of its own, and authorizer and $connect see the same', async () => {
  const ids = await Promise.all(
    ['first', 'second'].map(async (mark) => {
      await handshakeStatus(`${url}&mark=${mark}`);
      const authorized = await target.chat.event('Authorizer', isMarked(mark));
      const connected = await target.chat.event('Connect', isMarked(mark));
      expect(connected.requestContext.connectionId).toBe(authorized.requestContext.connectionId);
      expect(connected.headers['X-Amzn-Trace-Id']).toBe(authorized.headers['X-Amzn-Trace-Id']);
      return connected.requestContext.connectionId;
    }),
  );
  for (const id of ids) expect(id).toMatch(/^[\w-]{15}=$/);
  expect(ids[0]).not.toBe(ids[1]);
});

it('#13 each of two clients gets the reply to its own message', async () => {
  const [one, two] = await Promise.all([connect(url), connect(url)]);
  one.send('from one');
  two.send('from two');
  expect(JSON.parse(await one.next())).toMatchObject({ echo: 'from one' });
  expect(JSON.parse(await two.next())).toMatchObject({ echo: 'from two' });
  await Promise.all([one.close(), two.close()]);
  expect([one.frames.length, two.frames.length]).toEqual([1, 1]);
});
