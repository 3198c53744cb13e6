import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contextKeys } from '../assemblies/context-keys.ts';
import { connectRaw, frame } from '../assemblies/raw-client.ts';
import { type Chat, type GatewayEvent, startChat } from '../assemblies/start-chat.ts';
import { type Client, connect } from '../socket-client.ts';

let chat: Chat;
let url: string;

beforeAll(async () => {
  chat = await startChat();
  url = `${chat.cloud.webSocketUrl}?token=allow`;
});
afterAll(() => chat.close());

async function withClient(act: (client: Client) => Promise<void>): Promise<void> {
  const client = await connect(url);
  await act(client);
  client.socket.close();
  await client.closed;
}

async function ask(client: Client, message: unknown): Promise<Record<string, unknown>> {
  client.send(message);
  return JSON.parse(await client.next());
}

describe('messages', () => {
  it('a two-way route sends the body of its integration, once (40)', () =>
    withClient(async (client) => {
      const reply = await ask(client, { action: 'anything', text: 'héllo ✓' });
      expect(reply).toMatchObject({ echo: '{"action":"anything","text":"héllo ✓"}', routeKey: '$default' });
    }));

  it('a one-way route sends nothing, whatever it returns (39)', () =>
    withClient(async (client) => {
      client.send({ action: 'oneWay', mark: 'one-way' });
      await chat.event('Message', ({ body }) => body?.includes('one-way') === true);
      expect(await ask(client, 'next')).toMatchObject({ echo: 'next' });
    }));

  it.each([
    ['an unknown action', { action: 'unknown' }],
    ['no action', { text: 'hi' }],
    ['not JSON', 'hello'],
    ['JSON that is no object', '[1,2]'],
    ['null', 'null'],
    ['an action called $connect', { action: '$connect' }],
  ])('%s goes to $default (35)', (_, message) =>
    withClient(async (client) => {
      expect(await ask(client, message)).toMatchObject({ routeKey: '$default' });
    }),
  );

  it('an empty message does no harm (35)', () =>
    withClient(async (client) => {
      expect(await ask(client, '')).toMatchObject({ echo: '' });
    }));

  it('a fragmented message arrives whole (45)', () =>
    withClient(async (client) => {
      const [first, second] = ['héllo '.repeat(4000), '✓'.repeat(1000)];
      client.socket.send(first, { fin: false });
      client.socket.send(second, { fin: true });
      expect(JSON.parse(await client.next()).echo).toBe(first + second);
    }));

  it.each([
    ['throws', { throws: true }],
    ['throws on a one-way route', { action: 'oneWay', throws: true }],
    ['exits', { exits: true }],
    ['returns a function', { returns: 'function' }],
    ['times out', { sleepMs: 10_000 }],
  ])('when the integration %s, the error frame has the bytes of AWS and the socket stays open (41)', (_, message) =>
    withClient(async (client) => {
      client.send(message);
      expect(await client.next()).toMatch(
        /^\{"message": "Internal server error", "connectionId":"[\w-]{15}=", "requestId":"[\w-]{15}="\}$/,
      );
      expect(await ask(client, 'still here')).toMatchObject({ echo: 'still here' });
    }),
  );

  it('two messages of one client are in flight at the same time (67)', () =>
    withClient(async (client) => {
      client.send({ sleepMs: 400, name: 'slow' });
      client.send({ name: 'fast' });
      expect(await client.next()).toContain('fast');
      expect(await client.next()).toContain('slow');
    }));

  it('reach only their own client (13)', () =>
    withClient((first) =>
      withClient(async (second) => {
        const replies = await Promise.all([ask(first, 'one'), ask(second, 'two')]);
        expect(replies).toMatchObject([{ echo: 'one' }, { echo: 'two' }]);
      }),
    ));

  it('the event has no headers and no query, a message id, and the connection time of $connect (27, 28, 29)', () =>
    withClient(async (client) => {
      await ask(client, 'the event');
      const event = await chat.event('Message', ({ body }) => body === 'the event');
      const { connectionId, connectedAt, messageId } = event.requestContext;
      expect(Object.keys(event)).toEqual(['requestContext', 'body', 'isBase64Encoded']);
      expect(Object.keys(event.requestContext)).toEqual(contextKeys.toSpliced(2, 0, 'messageId'));
      expect(messageId).toMatch(/^[\w-]{15}=$/);
      const connected = await chat.event('Connect', (each) => each.requestContext.connectionId === connectionId);
      expect(connectedAt).toBe(connected.requestContext.connectedAt);
    }));
});

describe('limits', () => {
  it('a frame of 33 KB closes with 1009 and reaches nobody (47)', async () => {
    const before = chat.cloud.functions.Message?.invocations;
    const client = await connect(url, { perMessageDeflate: false });
    client.send('x'.repeat(33 * 1024));
    expect(await client.closed).toMatchObject({ code: 1009 });
    expect(chat.cloud.functions.Message?.invocations).toBe(before);
  });

  it('a message of exactly 128 KB in frames of 32 KB is accepted (48)', async () => {
    const client = await connect(url, { perMessageDeflate: false });
    const frame = 'x'.repeat(32 * 1024);
    for (const fin of [false, false, false, true]) client.socket.send(frame, { fin });
    expect(JSON.parse(await client.next()).echo).toHaveLength(128 * 1024);
    client.socket.close();
  });

  it('a message of 129 KB closes with 1009, also in small frames (49)', async () => {
    const client = await connect(url, { perMessageDeflate: false });
    for (let index = 0; index < 129; index += 1) client.socket.send('x'.repeat(1024), { fin: index === 128 });
    expect(await client.closed).toMatchObject({ code: 1009 });
  });

  it('a binary frame closes with 1003 and reaches nobody (50)', async () => {
    const before = chat.cloud.functions.Message?.invocations;
    const client = await connect(url);
    client.socket.send(Buffer.from([1, 2, 3]));
    expect(await client.closed).toMatchObject({ code: 1003 });
    expect(chat.cloud.functions.Message?.invocations).toBe(before);
  });
});

describe('$disconnect', () => {
  /** With one connection at a time, so that every invocation counted is that of the test. */
  let quiet: Chat;

  beforeAll(async () => {
    quiet = await startChat();
  });
  afterAll(() => quiet.close());

  let connected = 0;

  async function connectAlone(): Promise<{ readonly client: Client; readonly connectionId: string }> {
    connected += 1;
    const mark = String(connected);
    const client = await connect(`${quiet.cloud.webSocketUrl}?token=allow&mark=${mark}`);
    const { requestContext } = await quiet.event('Connect', ({ queryStringParameters: q }) => q?.mark === mark);
    return { client, connectionId: requestContext.connectionId };
  }

  it.each([
    ['no status', undefined, 1005, 'Client-side close frame status not set'],
    ['1000', 1000, 1000, ''],
    ['1001, as browsers do when they navigate', 1001, 1001, ''],
  ])('after a close with %s has the code and the text of AWS, once (33, 54, 66)', async (_, code, seen, reason) => {
    const before = quiet.cloud.functions.Disconnect?.invocations ?? 0;
    const { client, connectionId } = await connectAlone();
    client.socket.close(code);
    const event = await quiet.event('Disconnect', (each) => each.requestContext.connectionId === connectionId);
    expect(event.requestContext).toMatchObject({ disconnectStatusCode: seen, disconnectReason: reason });
    expect(await client.closed).toMatchObject({ code: seen });
    expect(quiet.cloud.functions.Disconnect?.invocations).toBe(before + 1);
  });

  it.each([
    // 0xFF is in no UTF-8 text; opcode 3 is reserved.
    ['text that is no UTF-8', frame(1, '\xff'), 1007],
    ['a frame that the protocol does not have', frame(3, ''), 1002],
  ])('after %s has the code that the client was told', async (mark, bytes, code) => {
    const before = quiet.cloud.functions.Message?.invocations;
    const query = `token=allow&mark=${encodeURIComponent(mark)}`;
    const client = await connectRaw(`${quiet.cloud.webSocketUrl}?${query}`);
    await client.until('\r\n\r\n');
    client.socket.write(bytes, 'latin1');
    // A close frame: opcode 8, two bytes, the code.
    await client.until(`\x88\x02${String.fromCharCode(code >> 8, code & 0xff)}`);
    client.socket.destroy();
    const { requestContext } = await quiet.event('Connect', ({ queryStringParameters: q }) => q?.mark === mark);
    const isTheirs = (each: GatewayEvent) => each.requestContext.connectionId === requestContext.connectionId;
    const event = await quiet.event('Disconnect', isTheirs);
    expect(event.requestContext).toMatchObject({ disconnectStatusCode: code, disconnectReason: '' });
    expect(quiet.cloud.functions.Message?.invocations).toBe(before);
  });

  it('runs after a client is cut off, too', async () => {
    const { client, connectionId } = await connectAlone();
    client.socket.terminate();
    const event = await quiet.event('Disconnect', (each) => each.requestContext.connectionId === connectionId);
    expect(event.requestContext).toMatchObject({ disconnectStatusCode: 1006, disconnectReason: '' });
  });
});

describe('without a route response', () => {
  it('a route that could answer sends nothing', async () => {
    const silent = await startChat({
      maxEnvironmentsPerFunction: 1,
      change({ Resources }) {
        delete Resources.DefaultRouteResponse;
      },
    });
    const client = await connect(`${silent.cloud.webSocketUrl}?token=allow`);
    client.send('unanswered');
    await silent.event('Message', ({ body }) => body === 'unanswered');
    // One environment takes one after the other: a reply to the first would come before this.
    client.send({ throws: true });
    expect(await client.next()).toContain('Internal server error');
    await silent.close();
  });
});

describe('without a $default route', () => {
  it('a message that matches no route gets the Forbidden frame, and the socket stays open (38)', async () => {
    const strict = await startChat({
      change({ Resources }) {
        delete Resources.DefaultRoute;
        delete Resources.DefaultRouteResponse;
      },
    });
    const client = await connect(`${strict.cloud.webSocketUrl}?token=allow`);
    for (const message of [{ action: 'unknown' }, 'hello']) {
      client.send(message);
      expect(await client.next()).toMatch(
        /^\{"message": "Forbidden", "connectionId":"[\w-]{15}=", "requestId":"[\w-]{15}="\}$/,
      );
    }
    await strict.close();
    expect(await client.closed).toMatchObject({ code: 1001 });
  });
});
