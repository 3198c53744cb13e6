import { once } from 'node:events';
import { request } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectRaw, frame } from '../assemblies/raw-client.ts';
import { type Chat, type GatewayEvent, startChat } from '../assemblies/start-chat.ts';
import { handshakeStatus } from '../socket-client.ts';

let chat: Chat;
let url: string;

beforeAll(async () => {
  chat = await startChat();
  url = `${chat.cloud.webSocketUrl}?token=allow`;
});
afterAll(() => chat.close());

const isMarked =
  (mark: string) =>
  ({ queryStringParameters: query }: GatewayEvent) =>
    query?.['mark'] === mark;

describe('the result of $connect', () => {
  it.each([
    ['302, a redirection, which is not followed and lets nobody in', '302', 302],
    ['304', '304', 304],
    ['502 for a 101, which only the gateway can give', '101', 502],
    ["502 for an error that has the name of API Gateway's own", 'denied', 502],
    ['502 for a function, which has no JSON', 'function', 502],
  ])('sets the status of the handshake: %s', async (_, behaviour, status) => {
    expect(await handshakeStatus(`${url}&connect=${behaviour}`)).toBe(status);
  });

  // ws writes the sub-protocol into the 101 as it is: what came after a line break was a header of its own.
  it('adds no header to the 101: a sub-protocol with a line break is a 502', async () => {
    const protocol = encodeURIComponent('chat\r\nSet-Cookie: a=b');
    const client = await connectRaw(`${url}&protocol=${protocol}`, '', 'Sec-WebSocket-Protocol: chat');
    expect(await client.until('\r\n\r\n')).toMatch(/^HTTP\/1\.1 502 /);
    client.socket.destroy();
  });
});

describe('a client that behaves unlike any browser', () => {
  it('is followed by $disconnect when its handshake turns out to be unreadable', async () => {
    const extensions = 'Sec-WebSocket-Extensions: permessage-deflate; bogus=1';
    const client = await connectRaw(`${url}&mark=malformed`, '', extensions);
    await chat.until((entry) => entry.kind === 'handshake' && entry.status === 400);
    const { requestContext } = await chat.event('Connect', isMarked('malformed'));
    await chat.event('Disconnect', (event) => event.requestContext.connectionId === requestContext.connectionId);
    client.socket.destroy();
  });

  it.each([
    ['together with the handshake', true],
    ['while $connect runs', false],
  ])('loses no frame that it sends before the 101: %s', async (mark, isAtOnce) => {
    const early = frame(1, mark);
    const path = `${url}&connect=slow&mark=${encodeURIComponent(mark)}`;
    const client = await connectRaw(path, isAtOnce ? early : '');
    await chat.event('Connect', isMarked(mark));
    if (!isAtOnce) client.socket.write(early, 'latin1');
    expect(await client.until(`{"echo":"${mark}"`)).toMatch(/^HTTP\/1\.1 101 /);
    client.socket.destroy();
  });

  it('gets an answer to a token of 64 KB in the URL, and a token in a header reaches the authorizer', async () => {
    const long = 'x'.repeat(64 * 1024);
    expect(await handshakeStatus(`${url}${long}`)).toBe(414);
    expect(await handshakeStatus(`${chat.cloud.webSocketUrl}?token=deny`, { headers: { 'X-Token': long } })).toBe(403);
  });

  // Its socket stayed open, here and there, for as long as such a client lived.
  it('is disconnected after a rejection, even if it never closes its side', async () => {
    const { port } = new URL(url);
    const socket = connectTcp({ host: '127.0.0.1', port: Number(port), allowHalfOpen: true });
    const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
    socket.write(`GET /nowhere HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${upgrade}\r\n`);
    await once(socket.resume(), 'end');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    // Writing to a closed socket causes an error.
    socket.on('error', () => undefined);
    const writing = setInterval(() => socket.write('?'), 20);
    await closed;
    clearInterval(writing);
  });

  it('is rejected for another upgrade or a broken key without any invocation', async () => {
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

  it.each([
    // 0xFF is in no UTF-8 text; opcode 3 is reserved.
    ['text that is no UTF-8', frame(1, '\xff'), 1007],
    ['a frame that the protocol does not have', frame(3, ''), 1002],
  ])('is disconnected for %s, and $disconnect has the same code', async (mark, bytes, code) => {
    const before = chat.cloud.functions['Message']?.invocations;
    const client = await connectRaw(`${url}&mark=${encodeURIComponent(mark)}`);
    await client.until('\r\n\r\n');
    client.socket.write(bytes, 'latin1');
    // A close frame: opcode 8, two bytes, the code.
    await client.until(`\x88\x02${String.fromCharCode(code >> 8, code & 0xff)}`);
    client.socket.destroy();
    const { requestContext } = await chat.event('Connect', isMarked(mark));
    const isTheirs = (each: GatewayEvent) => each.requestContext.connectionId === requestContext.connectionId;
    const event = await chat.event('Disconnect', isTheirs);
    expect(event.requestContext).toMatchObject({ disconnectStatusCode: code, disconnectReason: '' });
    expect(chat.cloud.functions['Message']?.invocations).toBe(before);
  });
});
