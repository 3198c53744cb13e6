import { createServer } from 'node:http';
import { createInspector, type Inspector } from '../../local/inspector/inspector.ts';
import { isPageUrl } from '../../local/inspector/page.ts';
import type { TableContents } from '../../local/inspector/tables.ts';
import { closeServer, listenOnLoopback } from '../../local/loopback.ts';
import type { Observation } from '../../local/observation.ts';

/** The page with a script instead of a cloud behind it: it shows what a test wants to see. */
export interface Story {
  readonly url: string;
  readonly inspector: Inspector;
  close(): Promise<void>;
}

interface StoryOptions {
  readonly port?: number;
  readonly tables?: readonly TableContents[];
  now?(): number;
}

export async function startStory({ port = 0, tables = [], now = Date.now }: StoryOptions = {}): Promise<Story> {
  const inspector = createInspector({
    webSocketUrls: () => ['ws://127.0.0.1:4000/live'],
    scanTables: async () => tables,
    now,
  });
  const server = createServer((request, response) => {
    if (!inspector.page(request, response)) response.writeHead(404).end();
  });
  const bound = await listenOnLoopback(server, port, isPageUrl);
  return {
    url: `http://127.0.0.1:${bound}/_local`,
    inspector,
    async close() {
      inspector.close();
      await closeServer(server);
    },
  };
}

const gonzalo = 'L0SM9cOFvHcCIhw=';
const maria = 'eHrdFcnvvHcCE-w=';
const phone = 'BFaVtfGSIAMCKug=';
const late = 'Qk1x2fGSvHcCAb4=';
const strangers = ['T9aa1fGSvHcCAb4=', 'T9aa2fGSvHcCAb4=', 'T9aa3fGSvHcCAb4='];
const authorizer = 'SessionSocketAuthorizer3F2A1B9C';
const connect = 'SessionSocketConnect7D01E4AA';
const message = 'SessionSocketMessage90BB1C2D';
const deliver = 'SessionSocketDeliver51F0A3E7';

let requests = 0;
const newRequestId = () => `8f1b6c3e-52d4-4c11-9d53-${String(++requests).padStart(12, '0')}`;

type Step = readonly [afterMs: number, observation: Observation];

function invocation(
  name: string,
  connectionId: string,
  durationMs: number,
  lines: readonly object[],
  initMs?: number,
  errorType?: string,
): Step[] {
  const requestId = newRequestId();
  const end = {
    kind: 'finished',
    function: name,
    requestId,
    durationMs,
    maxMemoryMb: 71,
    ...(initMs === undefined ? {} : { initMs }),
    ...(errorType === undefined ? {} : { errorType }),
  } as const;
  return [
    [0, { kind: 'invoked', function: name, requestId, isCold: initMs !== undefined, connectionId }],
    ...lines.map((line): Step => [1, { kind: 'line', function: name, requestId, text: JSON.stringify(line) }]),
    [durationMs, end],
  ];
}

const logged = (level: string, text: string, more: object = {}) => ({
  level,
  message: text,
  service: 'session-socket',
  ...more,
});

function handshake(connectionId: string, user: string, name: string, userAgent: string, coldMs?: number): Step[] {
  const warm = coldMs === undefined;
  return [
    ...invocation(
      authorizer,
      connectionId,
      warm ? 6.4 : 38,
      [logged('INFO', 'accepted', { principalId: user, phpMs: 4 })],
      coldMs,
    ),
    ...invocation(connect, connectionId, warm ? 5.2 : 61, [], warm ? undefined : coldMs + 40),
    [
      0,
      {
        kind: 'connected',
        connectionId,
        api: 'a1b2c3d4e5',
        stage: 'live',
        sourceIp: '127.0.0.1',
        userAgent,
        context: {
          principalId: user,
          userInfo: JSON.stringify({ name }),
          sessionHash: '5b1e0a9c71',
          sessionSeal: 't1.app.q83v-never-in-a-log',
          sessionExpiresAt: '1790000000',
        },
      },
    ],
    ...invocation(
      deliver,
      connectionId,
      warm ? 7.9 : 33,
      [logged('INFO', 'delivered', { event: 'pusher:connection_established', gone: 0 })],
      warm ? undefined : coldMs + 25,
    ),
    [
      0,
      {
        kind: 'message-out',
        connectionId,
        by: 'post',
        body: '{"event":"pusher:connection_established","data":"{\\"socket_id\\":\\"5221158917918124645.4055844928481163069\\",\\"activity_timeout\\":120}"}',
      },
    ],
  ];
}

function chat(connectionId: string, body: object, reply: object, durationMs = 3.1): Step[] {
  return [
    [400, { kind: 'message-in', connectionId, routeKey: '$default', body: JSON.stringify(body) }],
    ...invocation(message, connectionId, durationMs, [
      logged('INFO', 'answered', { event: (body as { event?: string }).event }),
    ]),
    [0, { kind: 'message-out', connectionId, by: 'reply', body: JSON.stringify(reply) }],
  ];
}

const refused = (connectionId: string): Step[] => [
  ...invocation(authorizer, connectionId, 8.8, [
    logged('WARN', 'refused', { reason: 'not-signed-in', phpStatus: 403 }),
  ]),
  [
    0,
    { kind: 'refused', status: 403, reason: 'the authorizer policy has an explicit deny', stage: 'live', connectionId },
  ],
];

const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0';
const safari = 'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148';

/** A quarter of an hour of a small shop. */
export const shopMorning: readonly Step[] = [
  [0, { kind: 'refused', status: 401, reason: 'the identity source is missing', stage: 'live' }],
  [20_000, { kind: 'line', function: authorizer, requestId: undefined, text: 'INIT_START Runtime Version: nodejs:24' }],
  ...handshake(gonzalo, 'user:42', 'Gonzalo', firefox, 212),
  ...chat(
    gonzalo,
    { event: 'pusher:subscribe', data: { channel: 'private-orders-42', auth: 'app:0f3c' } },
    { event: 'pusher_internal:subscription_succeeded', channel: 'private-orders-42', data: '{}' },
    9.6,
  ),
  [
    45_000,
    {
      kind: 'message-out',
      connectionId: gonzalo,
      by: 'post',
      body: '{"event":"order.paid","channel":"private-orders-42","data":"{\\"order\\":1881,\\"total\\":\\"39.90\\"}"}',
    },
  ],
  ...handshake(maria, 'user:7', 'María', firefox),
  ...chat(
    maria,
    {
      event: 'pusher:subscribe',
      data: { channel: 'presence-desk', auth: 'app:77aa', channel_data: '{"user_id":"7"}' },
    },
    {
      event: 'pusher_internal:subscription_succeeded',
      channel: 'presence-desk',
      data: '{"presence":{"count":1,"ids":["7"]}}',
    },
  ),
  ...handshake(late, 'session:5b1e0a9c71', '', 'node'),
  [90_000, { kind: 'disconnected', connectionId: late, code: 1001, reason: '' }],
  ...strangers
    .flatMap((stranger): Step[] => [
      [
        7_000,
        { kind: 'line', function: 'SessionSocketTickA1B2C3D4', requestId: undefined, text: 'nobody is connected' },
      ],
      ...refused(stranger),
    ])
    .filter(([, { kind }], index) => kind !== 'line' || index > 1),
  ...handshake(phone, 'user:42', 'Gonzalo', safari),
  ...chat(phone, { event: 'pusher:ping', data: {} }, { event: 'pusher:pong', data: {} }, 1.7),
  ...chat(
    phone,
    { event: 'client-typing', channel: 'private-orders-42', data: { by: '<script>alert("no")</script>' } },
    { event: 'pusher:pong', data: {} },
    4.4,
  ),
  [
    1000,
    {
      kind: 'message-in',
      connectionId: maria,
      routeKey: '$default',
      body: '{"event":"pusher:subscribe","data":{"channel":"private-ledger"}}',
    },
  ],
  ...invocation(
    message,
    maria,
    12.3,
    [logged('ERROR', 'the table could not be read', { error: 'AccessDeniedException: dynamodb:Query' })],
    undefined,
    'AccessDeniedException',
  ),
  [
    0,
    {
      kind: 'message-out',
      connectionId: maria,
      by: 'gateway',
      body: `{"message": "Internal server error", "connectionId":"${maria}", "requestId":"Qk1x2fGSIAMFYng="}`,
    },
  ],
  ...chat(gonzalo, { event: 'pusher:ping', data: {} }, { event: 'pusher:pong', data: {} }, 1.4),
];

/** Tells it all at once, as if it had taken its time and ended now. @param setNow moves the clock of the page */
export function tell(story: readonly Step[], inspector: Inspector, setNow: (now: number) => void): void {
  let at = Date.now() - story.reduce((sum, [afterMs]) => sum + afterMs, 0) - 3000;
  for (const [afterMs, observation] of story) {
    at += afterMs;
    setNow(at);
    inspector.observe(observation);
  }
  setNow(Date.now());
}

export const shopTables: readonly TableContents[] = [
  {
    logicalId: 'SessionSocketConnections0A1B2C3D',
    name: 'session-socket-Connections-1X2Y3Z',
    keys: ['principalId', 'connectionId'],
    items: [
      {
        principalId: { S: 'user:42' },
        connectionId: { S: gonzalo },
        connectedAt: { N: '1763912345' },
        channels: { SS: ['private-orders-42'] },
        sessionSeal: { S: 't1.app.q83v-never-in-a-log' },
        expiresAt: { N: '1763920145' },
      },
      {
        principalId: { S: 'user:42' },
        connectionId: { S: phone },
        connectedAt: { N: '1763912545' },
        sessionSeal: { S: 't1.app.zz81' },
        expiresAt: { N: '1763920345' },
      },
      {
        principalId: { S: 'user:7' },
        connectionId: { S: maria },
        connectedAt: { N: '1763912445' },
        channels: { SS: ['presence-desk'] },
        sessionSeal: { S: 't1.app.p0p0' },
        expiresAt: { N: '1763920245' },
      },
    ],
    hasMore: false,
  },
  {
    logicalId: 'SessionSocketMembers4E5F6A7B',
    name: 'session-socket-Members-9Q8W7E',
    keys: ['channel', 'userId'],
    items: [
      {
        channel: { S: 'presence-desk' },
        userId: { S: '7' },
        connections: { SS: [maria] },
        userInfo: { S: '{"name":"María"}' },
        expiresAt: { N: '1763920245' },
      },
    ],
    hasMore: false,
  },
  {
    logicalId: 'SessionSocketClaims8C9D0E1F',
    name: 'session-socket-Claims-5T6Y7U',
    keys: ['claim'],
    items: [],
    hasMore: false,
  },
];
