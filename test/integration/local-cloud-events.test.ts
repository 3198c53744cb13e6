import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Chat, type GatewayEvent, startChat } from '../assemblies/start-chat.ts';
import { connect } from '../socket-client.ts';

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

it('the recorded events satisfy the shapes themselves', () => {
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
      change({ Resources }) {
        Object.assign(Resources.ConnectRoute?.Properties ?? {}, { AuthorizationType: 'NONE' });
        Object.assign(Resources.OneWayRoute?.Properties ?? {}, { RouteKey: 'chat' });
      },
    });
  });
  afterAll(() => chat.close());

  it('makes the events of AWS: keys, order and values', async () => {
    const [connected, sent, left] = [recorded('connect'), recorded('message'), recorded('disconnect')];
    const client = await connect(chat.cloud.webSocketUrl, { headers: { Host: String(left.headers.Host) } });
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
      change({ Resources }) {
        const IdentitySource = ['route.request.header.HeaderAuth1', 'route.request.querystring.QueryString1'];
        Object.assign(Resources.ConnectAuthorizer?.Properties ?? {}, { IdentitySource });
        Object.assign(Resources.Stage?.Properties ?? {}, { StageName: 'default' });
      },
    });
  });
  afterAll(() => chat.close());

  it('makes the authorizer event of AWS: keys, order and values', async () => {
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
