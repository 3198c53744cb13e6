import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { permission, setProperties } from '../assemblies/chat.ts';
import { contextKeys } from '../assemblies/context-keys.ts';
import { type Chat, type GatewayEvent, startChat } from '../assemblies/start-chat.ts';
import { connect } from '../socket-client.ts';
import { itHere } from './target.ts';

/** What AWS was seen to give to a function, with its source. */
function recorded(name: string): GatewayEvent {
  const text = readFileSync(new URL(`../recorded/${name}-event.json`, import.meta.url), 'utf8');
  return (JSON.parse(text) as { event: GatewayEvent }).event;
}

const gatewayId = /^[A-Za-z0-9_-]{15}=$/;
const epochMs = /^1\d{12}$/;
const ipAddress = /^\d{1,3}(\.\d{1,3}){3}$/;
const host = /^[\w.-]+(:\d+)?$/;

/** The form of what is another value at each request or in each account; everything else must be equal. */
const shapes: Readonly<Record<string, RegExp>> = {
  methodArn: /^arn:aws:execute-api:us-east-1:\d{12}:[a-z0-9]{9,10}\/default\/\$connect$/,
  'Sec-WebSocket-Key': /^[+/0-9A-Za-z]{22}==$/,
  'X-Amzn-Trace-Id': /^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/,
  // Empty in $disconnect, where it has to be equal.
  'X-Forwarded-For': ipAddress,
  extendedRequestId: gatewayId,
  requestTime: /^\d{2}\/[A-Z][a-z]{2}\/\d{4}:\d{2}:\d{2}:\d{2} \+0000$/,
  connectedAt: epochMs,
  requestTimeEpoch: epochMs,
  sourceIp: ipAddress,
  requestId: gatewayId,
  messageId: gatewayId,
  connectionId: gatewayId,
  domainName: host,
  apiId: /^[a-z0-9]{8,10}$/,
};

/** The event's text, key for key in its order, with the name of the shape where a value has one. */
function masked(event: GatewayEvent): string {
  const mask = (key: string, value: unknown): unknown => {
    if (Array.isArray(value)) return value.map((each) => mask(key, each));
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, mask(name, each)]));
    }
    const shape = Object.hasOwn(shapes, key) ? shapes[key] : undefined;
    // `...` stands in a source that masks its values itself.
    const hasShape = shape !== undefined && (value === '...' || shape.test(String(value)));
    return hasShape ? `<${typeof value === 'number' ? 'number ' : ''}${key}>` : value;
  };
  return JSON.stringify(mask('', event), undefined, 2);
}

function expectPlausible({ requestContext }: GatewayEvent): void {
  const { requestId, extendedRequestId, requestTime, requestTimeEpoch, connectedAt } = requestContext;
  expect(requestId).toBe(extendedRequestId);
  expect(requestTimeEpoch).toBeGreaterThanOrEqual(connectedAt);
  expect(Math.abs(requestTimeEpoch - Date.now())).toBeLessThan(60_000);
  // 11/Nov/2024:11:35:24 +0000 is the same moment, to the second.
  const [day = '', ...time] = String(requestTime).split(':');
  expect(Date.parse(`${day.replaceAll('/', ' ')} ${time.join(':')}`)).toBe(Math.floor(requestTimeEpoch / 1000) * 1000);
}

itHere('#27 the recorded events satisfy the shapes themselves', () => {
  for (const name of ['connect', 'message', 'disconnect']) {
    const { requestContext } = JSON.parse(masked(recorded(name))) as GatewayEvent;
    for (const key of Object.keys(shapes)) {
      if (key in requestContext) expect(requestContext[key]).toMatch(new RegExp(`^<(number )?${key}>$`));
    }
  }
});

describe('a client that does what the recorded one did', () => {
  let chat: Chat;

  beforeAll(async () => {
    chat = await startChat({
      change(template) {
        setProperties(template, 'ConnectRoute', { AuthorizationType: 'NONE' });
        setProperties(template, 'OneWayRoute', { RouteKey: 'chat' });
        Object.assign(template.Resources, permission('OneWayRoutePermission', 'Message', { route: 'chat' }));
      },
    });
  });
  afterAll(() => chat.close());

  itHere('#27 #N4 #28 #29 makes the events of AWS: keys, order and values', async () => {
    const [connected, sent, left] = [recorded('connect'), recorded('message'), recorded('disconnect')];
    const client = await connect(chat.cloud.webSocketUrl, { headers: { Host: String(left.headers['Host']) } });
    client.send(sent.body);
    const message = await chat.event('Message');
    client.socket.close();
    const [connection, end] = [await chat.event('Connect'), await chat.event('Disconnect')];

    // In this capture Host and domainName name two APIs; ours is that of the two others.
    const { Host } = left.headers;
    const headers = { ...connected.headers, Host: String(Host) };
    const multiValueHeaders = { ...connected.multiValueHeaders, Host: [String(Host)] };
    expect(masked(connection)).toBe(masked({ ...connected, headers, multiValueHeaders }));
    expect(masked(message)).toBe(masked(sent));
    expect(masked(end)).toBe(masked(left));
    for (const event of [connection, message, end]) expectPlausible(event);

    const contexts = [connection, message, end].map(({ requestContext }) => requestContext);
    for (const same of ['connectionId', 'connectedAt', 'apiId', 'domainName']) {
      expect(new Set(contexts.map((context) => context[same])).size).toBe(1);
    }
    expect(new Set(contexts.map(({ requestId }) => requestId)).size).toBe(3);
  });
});

describe('a client that does what the one of the documentation did', () => {
  let chat: Chat;

  beforeAll(async () => {
    chat = await startChat({
      change(template) {
        const IdentitySource = ['route.request.header.HeaderAuth1', 'route.request.querystring.QueryString1'];
        setProperties(template, 'ConnectAuthorizer', { IdentitySource });
        setProperties(template, 'Stage', { StageName: 'default' });
      },
    });
  });
  afterAll(() => chat.close());

  itHere('#23 makes the authorizer event of AWS: keys, order and values', async () => {
    const documented = recorded('authorizer');
    const { HeaderAuth1 = '', Host = '' } = documented.headers;
    const query = new URLSearchParams(documented.queryStringParameters);
    const client = await connect(`${chat.cloud.webSocketUrl}?${query}`, { headers: { HeaderAuth1, Host } });
    client.socket.close();
    const event = await chat.event('Authorizer');
    expect(masked(event)).toBe(masked(documented));
    expectPlausible(event);
  });
});

describe('a client of the chat', () => {
  let chat: Chat;
  let url: string;

  beforeAll(async () => {
    chat = await startChat();
    url = `${chat.cloud.webSocketUrl}?token=allow`;
  });
  afterAll(() => chat.close());

  /** Connects, sends one message and leaves. @returns the four events of that */
  async function eventsOf(mark: string, headers: Record<string, string> = {}): Promise<readonly GatewayEvent[]> {
    const client = await connect(`${url}&mark=${mark}`, { headers });
    client.send(mark);
    await client.next();
    await client.close();
    const isMarked = (event: GatewayEvent) => event.queryStringParameters?.['mark'] === mark;
    const authorized = await chat.event('Authorizer', isMarked);
    const connected = await chat.event('Connect', isMarked);
    const { connectionId } = connected.requestContext;
    const isTheirs = (event: GatewayEvent) => event.requestContext.connectionId === connectionId;
    return [authorized, connected, await chat.event('Message', isTheirs), await chat.event('Disconnect', isTheirs)];
  }

  itHere('#27 has the context of its authorizer where the captures have it', async () => {
    const [, connected, sent, left] = await eventsOf('order');
    expect(Object.keys(connected?.requestContext ?? {})).toEqual(contextKeys);
    expect(Object.keys(sent?.requestContext ?? {})).toEqual(contextKeys.toSpliced(2, 0, 'messageId'));
    const withReason = contextKeys.toSpliced(1, 0, 'disconnectStatusCode').toSpliced(7, 0, 'disconnectReason');
    expect(Object.keys(left?.requestContext ?? {})).toEqual(withReason);
  });

  itHere('#28 #N2 gives every event one request id under two names, and messages alone a message id', async () => {
    const contexts = (await eventsOf('ids')).map(({ requestContext }) => requestContext);
    for (const { requestId, extendedRequestId } of contexts) expect(extendedRequestId).toBe(requestId);
    expect(new Set(contexts.map(({ requestId }) => requestId)).size).toBe(4);
    expect(contexts.map(({ eventType, messageId }) => [eventType, messageId !== undefined])).toEqual([
      ['CONNECT', false],
      ['CONNECT', false],
      ['MESSAGE', true],
      ['DISCONNECT', false],
    ]);
  });

  itHere('#29 keeps the time of its connection', async () => {
    const contexts = (await eventsOf('time')).map(({ requestContext }) => requestContext);
    expect(new Set(contexts.map(({ connectedAt }) => connectedAt)).size).toBe(1);
    for (const { connectedAt, requestTimeEpoch } of contexts) expect(connectedAt).toBeLessThanOrEqual(requestTimeEpoch);
  });

  itHere('#30 is named by its User-Agent in every event when it sent one, and nothing is null', async () => {
    for (const event of await eventsOf('agent', { 'User-Agent': 'test/1' })) {
      expect(event.requestContext['identity']).toEqual({ userAgent: 'test/1', sourceIp: '127.0.0.1' });
      expect(JSON.stringify(event)).not.toContain(':null');
    }
    for (const event of await eventsOf('no-agent')) {
      expect(event.requestContext['identity']).toEqual({ sourceIp: '127.0.0.1' });
      expect(JSON.stringify(event)).not.toContain(':null');
    }
  });

  itHere('#31 spells its headers itself, and a Cookie is a Cookie', async () => {
    const headers = { 'X-Own-CASE': 'kept', 'x-lower': 'too', Cookie: 'PHPSESSID=abc' };
    const [authorized, connected] = await eventsOf('case', headers);
    for (const event of [authorized, connected]) {
      expect(event?.headers).toMatchObject(headers);
      expect(event?.multiValueHeaders['X-Own-CASE']).toEqual(['kept']);
    }
  });

  itHere('#32 finds Host and domainName to be the same, and the stage to be the one of the template', async () => {
    const [, connected, sent, left] = await eventsOf('host');
    for (const event of [connected, left]) expect(event?.headers['Host']).toBe(event?.requestContext['domainName']);
    for (const event of [connected, sent, left]) expect(event?.requestContext['stage']).toBe('prod');
  });

  itHere('#32 cannot use a custom domain: it is refused at start, with its logical id', async () => {
    const start = startChat({
      change({ Resources }) {
        Resources['Domain'] = { Type: 'AWS::ApiGatewayV2::DomainName', Properties: { DomainName: 'chat.example.com' } };
      },
    });
    await expect(start).rejects.toThrow('Domain: the local cloud cannot run AWS::ApiGatewayV2::DomainName.');
  });

  itHere.each([
    ['no status', undefined, 1005, 'Client-side close frame status not set'],
    ['1000', 1000, 1000, ''],
    ['1001, as browsers do when they navigate', 1001, 1001, ''],
    ['a code of its own', 4321, 4321, ''],
  ])('#33 #54 that closes with %s is told to $disconnect in these words', async (mark, code, seen, reason) => {
    const query = `mark=${encodeURIComponent(mark)}`;
    const client = await connect(`${url}&${query}`);
    client.socket.close(code);
    const { requestContext } = await chat.event('Connect', (event) => event.queryStringParameters?.['mark'] === mark);
    const isTheirs = (event: GatewayEvent) => event.requestContext.connectionId === requestContext.connectionId;
    const left = await chat.event('Disconnect', isTheirs);
    expect(left.requestContext).toMatchObject({ disconnectStatusCode: seen, disconnectReason: reason });
    expect(await client.closed).toMatchObject({ code: seen });
  });

  itHere('#33 that is cut off is a 1006 without a reason', async () => {
    const client = await connect(`${url}&mark=cut`);
    client.socket.terminate();
    const { requestContext } = await chat.event('Connect', (event) => event.queryStringParameters?.['mark'] === 'cut');
    const isTheirs = (event: GatewayEvent) => event.requestContext.connectionId === requestContext.connectionId;
    const left = await chat.event('Disconnect', isTheirs);
    expect(left.requestContext).toMatchObject({ disconnectStatusCode: 1006, disconnectReason: '' });
  });
});
