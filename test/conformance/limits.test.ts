import { afterAll, beforeAll, expect, it } from 'vitest';
import { signedFetch } from '../assemblies/signed-fetch.ts';
import { type Chat, type GatewayEvent, startChat } from '../assemblies/start-chat.ts';
import { type Client, connect } from '../socket-client.ts';
import { itHere, startTarget, type Target } from './target.ts';

const minuteMs = 60_000;

let target: Target;
let url: string;

beforeAll(async () => {
  target = await startTarget();
  url = `${target.webSocketUrl}?token=allow`;
});
afterAll(() => target.close());

/** Not compressed: it is the length on the wire that counts. */
const plainly = { perMessageDeflate: false };

it('#47 #N10 a frame of 33 KB closes with 1009', async () => {
  const client = await connect(url, plainly);
  client.send('x'.repeat(33 * 1024));
  expect(await client.closed).toMatchObject({ code: 1009 });
  expect(client.frames).toEqual([]);
});

it('#48 a message of 128 KB in frames of 32 KB is accepted', async () => {
  const client = await connect(url, plainly);
  const frame = `${'x'.repeat(32 * 1024 - 2)}é`;
  for (const fin of [false, false, false, true]) client.socket.send(frame, { fin });
  // The reply is longer than what was sent, by what is around it.
  expect(JSON.parse(await client.next()).echo).toBe(frame.repeat(4));
  await client.close();
});

it('#49 #N10 a message of 129 KB in small frames closes with 1009', async () => {
  const client = await connect(url, plainly);
  for (let index = 0; index < 129; index += 1) client.socket.send('x'.repeat(1024), { fin: index === 128 });
  expect(await client.closed).toMatchObject({ code: 1009 });
});

it('#50 #N3 a binary frame closes with 1003', async () => {
  const client = await connect(url);
  client.socket.send(Buffer.from([1, 2, 3]));
  expect(await client.closed).toMatchObject({ code: 1003 });
});

itHere('#47 #50 #N3 and no function is invoked', async () => {
  const before = target.chat.cloud.functions['Message']?.invocations;
  const [long, binary] = [await connect(url, plainly), await connect(url)];
  long.send('x'.repeat(33 * 1024));
  binary.socket.send(Buffer.from([1, 2, 3]));
  await Promise.all([long.closed, binary.closed]);
  expect(target.chat.cloud.functions['Message']?.invocations).toBe(before);
});

/** A chat of its own, because moving its clock ends every connection that is open. */
async function withClock(act: (chat: Chat, client: Client, advance: (ms: number) => void) => Promise<void>) {
  const chat = await startChat();
  try {
    const client = await connect(`${chat.cloud.webSocketUrl}?token=allow`);
    await act(chat, client, (ms) => chat.cloud.clock.advance(ms));
  } finally {
    await chat.close();
  }
}

const reasonOf = ({ requestContext: { disconnectStatusCode, disconnectReason } }: GatewayEvent) => ({
  disconnectStatusCode,
  disconnectReason,
});

itHere('#51 #N16 after ten idle minutes the socket is closed with 1001, and $disconnect says Going away', () =>
  withClock(async (chat, client, advance) => {
    advance(10 * minuteMs - 1000);
    client.send('still here');
    await client.next();
    advance(10 * minuteMs - 1000);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    advance(2000);
    expect(await client.closed).toMatchObject({ code: 1001 });
    expect(reasonOf(await chat.event('Disconnect'))).toEqual({
      disconnectStatusCode: 1001,
      disconnectReason: 'Going away',
    });
  }),
);

itHere('#52 #N16 after two hours it is closed with 1001 however busy it was', () =>
  withClock(async (chat, client, advance) => {
    for (let minute = 0; minute < 117; minute += 9) {
      advance(9 * minuteMs);
      client.send('busy');
      await client.next();
    }
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    advance(3 * minuteMs + 1000);
    expect(await client.closed).toMatchObject({ code: 1001 });
    expect(reasonOf(await chat.event('Disconnect'))).toEqual({
      disconnectStatusCode: 1001,
      disconnectReason: 'Going away',
    });
  }),
);

it('#53 a ping of the client is answered with its pong', async () => {
  const client = await connect(url);
  const pong = new Promise((resolve) => client.socket.once('pong', (data) => resolve(data.toString())));
  client.socket.ping('are you there');
  expect(await pong).toBe('are you there');
  await client.close();
});

itHere('#53 a ping does not start the idle time again', () =>
  withClock(async (_, client, advance) => {
    advance(9 * minuteMs);
    const pong = new Promise((resolve) => client.socket.once('pong', resolve));
    client.socket.ping();
    await pong;
    advance(minuteMs + 1000);
    expect(await client.closed).toMatchObject({ code: 1001 });
  }),
);

itHere('#53 a message of the client does', () =>
  withClock(async (chat, client, advance) => {
    advance(9 * minuteMs);
    client.send({ action: 'oneWay', mark: 'one way' });
    await chat.event('Message');
    advance(9 * minuteMs);
    client.send('still here');
    expect(await client.next()).toContain('still here');
  }),
);

itHere('#53 a message to the client does', () =>
  withClock(async ({ cloud, event }, client, advance) => {
    const { requestContext } = await event('Connect');
    const path = `/@connections/${encodeURIComponent(requestContext.connectionId)}`;
    advance(9 * minuteMs);
    const posted = signedFetch(cloud.credentials, cloud.webSocketUrl.replace('ws:', 'http:') + path, {
      method: 'POST',
      body: 'from the server',
    });
    expect(await posted).toMatchObject({ status: 200 });
    await client.next();
    advance(9 * minuteMs);
    client.send('still here');
    expect(await client.next()).toContain('still here');
  }),
);
