import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogEntry } from '../../local/index.ts';
import { type Client, connect } from '../assemblies/client.ts';
import { type Chat, startChat } from '../assemblies/start-chat.ts';

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
      expect(Object.keys(event.requestContext)).toEqual([
        'routeKey',
        'authorizer',
        'messageId',
        'eventType',
        'extendedRequestId',
        'requestTime',
        'messageDirection',
        'stage',
        'connectedAt',
        'requestTimeEpoch',
        'identity',
        'requestId',
        'domainName',
        'connectionId',
        'apiId',
      ]);
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
  it.each([
    ['no status', undefined, 1005, 'Client-side close frame status not set'],
    ['1001, as browsers do when they navigate', 1001, 1001, ''],
  ])('after a close with %s has the code and the text of AWS, once (33, 54, 66)', async (_, code, seen, reason) => {
    const client = await connect(url);
    const { echo } = await ask(client, `before ${seen}`);
    const { requestContext } = await chat.event('Message', ({ body }) => body === echo);
    const isMine = (event: { requestContext: { connectionId: string } }) =>
      event.requestContext.connectionId === requestContext.connectionId;
    client.socket.close(code);
    const event = await chat.event('Disconnect', isMine);
    expect(event.requestContext).toMatchObject({ disconnectStatusCode: seen, disconnectReason: reason });
    expect(event.headers).toEqual({ Host: new URL(url).host, 'x-api-key': '', 'X-Forwarded-For': '', 'x-restapi': '' });
    expect(Object.keys(event.requestContext).slice(0, 4)).toEqual([
      'routeKey',
      'disconnectStatusCode',
      'authorizer',
      'eventType',
    ]);
    await chat.until((entry) => entry.kind === 'integration-failed' && entry.routeKey === '$disconnect');
    expect(await client.closed).toMatchObject({ code: seen });
    const isItsDisconnect = (entry: LogEntry) =>
      entry.kind === 'function-output' &&
      entry.function === 'Disconnect' &&
      entry.line.includes(requestContext.connectionId);
    expect(chat.entries.filter(isItsDisconnect)).toHaveLength(1);
  });

  it('runs after a client is cut off, too', async () => {
    const client = await connect(`${url}&mark=cut`);
    const { requestContext } = await chat.event('Connect', ({ queryStringParameters: q }) => q?.mark === 'cut');
    client.socket.terminate();
    const { connectionId } = requestContext;
    const event = await chat.event('Disconnect', (each) => each.requestContext.connectionId === connectionId);
    expect(event.requestContext).toMatchObject({ disconnectStatusCode: 1006, disconnectReason: '' });
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
