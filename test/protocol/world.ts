import { createHmac } from 'node:crypto';
import { contents, createSealer } from '../fakes/ticket.ts';
import { type Gateway, startGateway } from '../gateway/gateway.ts';
import { type Client, connect } from '../socket-client.ts';
import { type Api, createApi } from './http-api-client.ts';

/** The gateway without PHP: it trusts tickets, so a test can connect as any user. */
export interface World {
  readonly credentials: Gateway['credentials'];
  enter(identity?: Identity): Promise<Somebody>;
  /** A handshake with this query string. */
  dial(query: string): Promise<Client>;
  /** PHP's signature for a page that joins a channel. */
  authorize(socketId: string, channel: string, channelData?: string): string;
  /** The same for a user who signs in. */
  authorizeUser(socketId: string, userData: string): string;
  readonly api: Api;
  /** The HTTP API with other credentials, another clock or another hash. */
  apiAs(changes: Partial<Parameters<typeof createApi>[1]>): Api;
  /** The lines that the functions have logged. */
  records(): readonly Readonly<Record<string, unknown>>[];
  rows(table: string): Promise<readonly unknown[]>;
  /** Throttles every request to a table until the returned function is called. */
  throttleTables(): () => void;
  close(): Promise<void>;
}

export interface Identity {
  readonly userId?: string;
  readonly userInfo?: object;
  readonly channels?: readonly string[];
}

export interface Frame {
  readonly event: string;
  readonly channel?: string;
  readonly data?: unknown;
  readonly user_id?: string;
}

/** One open socket, welcomed. */
export interface Somebody {
  readonly socketId: string;
  readonly frames: () => readonly Frame[];
  send(frame: object | string): void;
  /** Sends the frame, and returns the next incoming one. */
  ask(frame: object | string): Promise<Frame>;
  /** Joins without a signature. */
  join(channel: string, auth?: object): Promise<Frame>;
  /** The first frame with this event that no earlier call has returned. */
  hear(event: string): Promise<Frame>;
  /** Waits until no frame is on its way to this socket, with a ping. */
  settle(): Promise<void>;
  readonly closed: Client['closed'];
  close(): Promise<void>;
}

const origin = 'https://app.example.com';

export async function startWorld(context: Readonly<Record<string, string>> = {}): Promise<World> {
  const gateway = await startGateway({
    sessionCheck: 'trust-ticket',
    // Nobody is asked.
    sessionEndpoint: 'http://127.0.0.1:9/getSessionID',
    allowedOrigins: origin,
    ...context,
  });
  const { credentials } = gateway;
  const seal = createSealer(credentials);
  const sign = (text: string) =>
    `${credentials.key}:${createHmac('sha256', credentials.secret).update(text).digest('hex')}`;
  const apiUrl = gateway.cloud.outputs['HttpApiUrl'] ?? '';
  let sessions = 0;

  return {
    credentials,
    async enter(identity = {}) {
      sessions += 1;
      const now = Math.floor(Date.now() / 1000);
      const ticket = seal(contents(now, { s: `session-${sessions}`, i: identity }));
      const client = await connect(`${gateway.webSocketUrl}?token=${encodeURIComponent(ticket)}`, { origin });
      return welcome(client);
    },
    dial: (query) => connect(`${gateway.webSocketUrl}${query}`, { origin }),
    authorize: (socketId, channel, channelData) =>
      sign(channelData === undefined ? `${socketId}:${channel}` : `${socketId}:${channel}:${channelData}`),
    authorizeUser: (socketId, userData) => sign(`${socketId}::user::${userData}`),
    api: createApi(apiUrl, credentials),
    apiAs: (changes) => createApi(apiUrl, { ...credentials, ...changes }),
    records: gateway.records,
    rows: gateway.rows,
    throttleTables: () => gateway.cloud.faults.inject({ kind: 'throttle', service: 'dynamodb', probability: 1 }),
    close: gateway.close,
  };
}

async function welcome(client: Client): Promise<Somebody> {
  const frames: Frame[] = client.frames.map(parse);
  const waiting = new Set<() => void>();
  client.socket.on('message', (data) => {
    frames.push(parse(data.toString()));
    for (const look of [...waiting]) look();
  });
  /** The first frame from this place on that fits, kept or to come. */
  const find = (from: number, fits: (frame: Frame, index: number) => boolean) =>
    new Promise<Frame>((resolve) => {
      const look = () => {
        const found = frames.find((frame, index) => index >= from && fits(frame, index));
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  const ask = (frame: object | string) => {
    const next = frames.length;
    client.send(frame);
    return find(next, () => true);
  };
  const heard = new Set<Frame>();
  const { data } = await find(0, ({ event }) => event === 'pusher:connection_established');
  return {
    socketId: JSON.parse(String(data)).socket_id,
    frames: () => frames,
    send: client.send,
    ask,
    async join(channel, auth = {}) {
      const next = frames.length;
      client.send({ event: 'pusher:subscribe', data: { auth: '', channel, ...auth } });
      // Announcements of leaving members may arrive before the list.
      const answer = await find(next, ({ event }) => event.includes('subscription_') || event === 'pusher:error');
      // The list of members is posted, and then the reply, a pong, follows. It must not count as the next answer.
      if (answer.event === 'pusher_internal:subscription_succeeded' && channel.startsWith('presence-')) {
        await find(frames.indexOf(answer), ({ event }) => event === 'pusher:pong');
      }
      return answer;
    },
    async hear(event) {
      const frame = await find(0, (each) => each.event === event && !heard.has(each));
      heard.add(frame);
      return frame;
    },
    async settle() {
      const next = frames.length;
      client.send({ event: 'pusher:ping', data: {} });
      await find(next, ({ event }) => event === 'pusher:pong');
    },
    closed: client.closed,
    close: () => client.close(),
  };
}

function parse(text: string): Frame {
  return JSON.parse(text) as Frame;
}
