import type { TableContents } from '../../local/inspector/tables.ts';
import type { Observe } from '../../local/observation.ts';

/** How long the story takes, and a little more: it ended just now. */
export const morningSeconds = 284;

const gonzalo = 'L0SM9cOFvHcCIhw=';
const maria = 'eHrdFcnvvHcCE-w=';
const phone = 'BFaVtfGSIAMCKug=';
const script = 'Qk1x2fGSvHcCAb4=';
const strangers = ['T9aa1fGSvHcCAb4=', 'T9aa2fGSvHcCAb4=', 'T9aa3fGSvHcCAb4='];

const authorizer = 'SessionSocketAuthorizer3F2A1B9C';
const connect = 'SessionSocketConnect7D01E4AA';
const message = 'SessionSocketMessage90BB1C2D';
const deliver = 'SessionSocketDeliver51F0A3E7';

const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0';
const safari = 'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148';

interface Run {
  readonly ms: number;
  readonly level?: string;
  readonly says?: string;
  readonly more?: Readonly<Record<string, unknown>>;
  readonly initMs?: number | undefined;
  readonly errorType?: string;
}

interface Message {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** A few minutes of a small shop, with one of everything that the page shows. */
export class Morning {
  readonly #observe: Observe;
  readonly #pass: (seconds: number) => void;
  #requests = 0;

  /** @param pass lets time go by */
  constructor(observe: Observe, pass: (seconds: number) => void) {
    this.#observe = observe;
    this.#pass = pass;
  }

  tell(): void {
    this.#observe({ kind: 'refused', status: 401, reason: 'the identity source is missing', stage: 'live' });
    this.#pass(21);
    this.#connect(gonzalo, 'user:42', 'Gonzalo', firefox, 212);
    this.#pass(0.4);
    this.#chat(
      gonzalo,
      { event: 'pusher:subscribe', data: { channel: 'private-orders-42', auth: 'app:0f3c' } },
      { event: 'pusher_internal:subscription_succeeded', channel: 'private-orders-42', data: '{}' },
    );
    this.#pass(44);
    const paid = { event: 'order.paid', channel: 'private-orders-42', data: '{"order":1881,"total":"39.90"}' };
    this.#observe({ kind: 'message-out', connectionId: gonzalo, by: 'post', body: JSON.stringify(paid) });
    this.#pass(18);
    this.#connect(maria, 'user:7', 'María', firefox);
    this.#connect(script, 'session:5b1e0a9c71', '', 'node');
    this.#pass(91);
    this.#observe({ kind: 'disconnected', connectionId: script, code: 1001, reason: '' });
    for (const stranger of strangers) {
      this.#pass(9);
      this.#refuse(stranger);
    }
    this.#pass(48);
    this.#connect(phone, 'user:42', 'Gonzalo', safari, 187);
    this.#pass(2.3);
    this.#chat(phone, { event: 'pusher:ping', data: {} }, { event: 'pusher:pong', data: {} });
    this.#pass(7);
    this.#fail(maria);
    this.#pass(12);
    const typing = { event: 'client-typing', channel: 'private-orders-42', data: { text: '<b>on my way</b>' } };
    this.#chat(phone, typing, { event: 'pusher:pong', data: {} });
  }

  #connect(connectionId: string, user: string, name: string, userAgent: string, coldMs?: number): void {
    const later = (ms: number) => (coldMs === undefined ? undefined : coldMs + ms);
    const isCold = coldMs !== undefined;
    const accepted = { ms: isCold ? 38 : 6.4, says: 'accepted', more: { principalId: user, phpMs: 4 } };
    this.#run(authorizer, connectionId, { ...accepted, initMs: coldMs });
    this.#run(connect, connectionId, { ms: isCold ? 61 : 5.2, initMs: later(40) });
    this.#observe({
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
        sessionExpiresAt: '1990000000',
      },
    });
    const welcome = { event: 'pusher:connection_established', data: '{"socket_id":"52211589.40558449"}' };
    const delivered = { ms: isCold ? 33 : 7.9, says: 'delivered', more: { event: welcome.event, gone: 0 } };
    this.#run(deliver, connectionId, { ...delivered, initMs: later(25) });
    this.#observe({ kind: 'message-out', connectionId, by: 'post', body: JSON.stringify(welcome) });
  }

  #chat(connectionId: string, body: Message, reply: object): void {
    this.#observe({ kind: 'message-in', connectionId, routeKey: '$default', body: JSON.stringify(body) });
    this.#run(message, connectionId, { ms: 3.1, says: 'answered', more: { event: body.event } });
    this.#observe({ kind: 'message-out', connectionId, by: 'reply', body: JSON.stringify(reply) });
  }

  #fail(connectionId: string): void {
    const body = JSON.stringify({ event: 'pusher:subscribe', data: { channel: 'private-ledger' } });
    this.#observe({ kind: 'message-in', connectionId, routeKey: '$default', body });
    const errorType = 'AccessDeniedException';
    const says = 'the table could not be read';
    this.#run(message, connectionId, { ms: 12.3, level: 'ERROR', says, more: { action: 'dynamodb:Query' }, errorType });
    const requestId = 'Qk1x2fGSIAMFYng=';
    const frame = `{"message": "Internal server error", "connectionId":"${connectionId}", "requestId":"${requestId}"}`;
    this.#observe({ kind: 'message-out', connectionId, by: 'gateway', body: frame });
  }

  #refuse(connectionId: string): void {
    const more = { reason: 'not-logged-in', sentence: 'PHP says that nobody is logged in.' };
    this.#run(authorizer, connectionId, { ms: 8.8, level: 'INFO', says: 'handshake refused', more });
    const reason = 'the authorizer policy has an explicit deny';
    this.#observe({ kind: 'refused', status: 403, reason, stage: 'live', connectionId });
  }

  #run(name: string, connectionId: string, { ms, level = 'INFO', says, more, initMs, errorType }: Run): void {
    this.#requests += 1;
    const requestId = `8f1b6c3e-52d4-4c11-9d53-${String(this.#requests).padStart(12, '0')}`;
    this.#observe({ kind: 'invoked', function: name, requestId, isCold: initMs !== undefined, connectionId });
    this.#pass(ms / 2000);
    const text = JSON.stringify({ level, message: says, service: 'session-socket', ...more });
    if (says !== undefined) this.#observe({ kind: 'line', function: name, requestId, text });
    this.#pass(ms / 2000);
    this.#observe({
      kind: 'finished',
      function: name,
      requestId,
      durationMs: ms,
      maxMemoryMb: 71,
      ...(initMs === undefined ? {} : { initMs }),
      ...(errorType === undefined ? {} : { errorType }),
    });
  }
}

/** What the story leaves in the database. */
export function shopTables(now: number): readonly TableContents[] {
  const seconds = (from: number) => Math.floor(now / 1000) + from;
  const row = (principalId: string, connectionId: string, since: number, channels: readonly string[]) => ({
    principalId,
    connectionId,
    connectedAt: seconds(-since),
    ...(channels.length === 0 ? {} : { channels }),
    sessionSeal: 't1.app.q83v-never-in-a-log',
    expiresAt: seconds(7800 - since),
  });
  const member = {
    channel: 'presence-desk',
    userId: '7',
    connections: [maria],
    userInfo: '{"name":"María"}',
    expiresAt: seconds(7600),
  };
  return [
    {
      logicalId: 'SessionSocketConnections0A1B2C3D',
      name: 'session-socket-Connections-1X2Y3Z',
      keys: ['principalId', 'connectionId'],
      items: [
        row('user:42', gonzalo, 260, ['private-orders-42']),
        row('user:42', phone, 24, []),
        row('user:7', maria, 190, ['presence-desk']),
      ],
    },
    {
      logicalId: 'SessionSocketMembers4E5F6A7B',
      name: 'session-socket-Members-9Q8W7E',
      keys: ['channel', 'userId'],
      items: [member],
    },
    {
      logicalId: 'SessionSocketClaims8C9D0E1F',
      name: 'session-socket-Claims-5T6Y7U',
      keys: ['claim'],
      items: [],
    },
  ];
}
