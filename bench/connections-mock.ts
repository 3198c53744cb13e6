import { type AddressInfo, createServer, type Socket } from 'node:net';
import { readPosts } from './read-posts.ts';
import { serve } from './serve.ts';
import { createBucket } from './token-bucket.ts';

/** In the variable CONNECTIONS_MOCK, as JSON; every field may be missing. */
export interface ConnectionsMockSettings {
  /** From the whole request to the answer. */
  readonly latencyMs?: number;
  /** The account's quota, per second and at once; requests above it get 429. */
  readonly quota?: { readonly rate: number; readonly burst: number };
  /** The share of ids that are gone; `isGone` says which ones. */
  readonly gonePercent?: number;
}

export interface ConnectionsMock {
  /** The settings for `createSockets`. */
  readonly callbackUrl: string;
}

/** The counts since the last report. The parent asks for one with `report`. */
export interface ConnectionsReport {
  readonly delivered: number;
  readonly gone: number;
  readonly throttled: number;
  /** Ids with at least one delivery. */
  readonly reached: number;
  /** Deliveries to an id beyond its first. */
  readonly doubled: number;
  /** Opened TCP connections. */
  readonly sockets: number;
  /** From the first delivery to the last. */
  readonly milliseconds: number;
  /** Deliveries in each tenth of a second, from the first one on. */
  readonly tenths: readonly number[];
}

/** The same ids in every run, spread evenly. */
export function isGone(connectionId: string, percent: number): boolean {
  if (percent === 0) return false;
  let hash = 7;
  for (let at = 0; at < connectionId.length; at += 1) hash = (hash * 31 + connectionId.charCodeAt(at)) % 1_000_003;
  return hash % 100 < percent;
}

/** The same headers as API Gateway's, because parsing them is part of a client's work. */
function answer(status: string, headers: string, body = ''): Buffer {
  const common = `Date: Fri, 20 Nov 2026 12:00:00 GMT\r\nConnection: keep-alive\r\nx-amzn-RequestId: 6a1a7b4c-3f4e-4b0e-9a57-1f3a6c2f9d10\r\nx-amz-apigw-id: Uxq0kGzFoAMEaXw=\r\n`;
  return Buffer.from(`HTTP/1.1 ${status}\r\n${common}${headers}Content-Length: ${body.length}\r\n\r\n${body}`);
}

const json = 'Content-Type: application/json\r\n';
const answers = {
  delivered: answer('200 OK', json),
  gone: answer('410 Gone', `${json}x-amzn-ErrorType: GoneException\r\n`),
  throttled: answer(
    '429 Too Many Requests',
    `${json}x-amzn-ErrorType: LimitExceededException\r\n`,
    '{"message":"Too Many Requests"}',
  ),
};

/** @connections without a gateway behind it, in a separate process. It reads only the necessary parts of a request. */
function listen({ latencyMs = 0, quota, gonePercent = 0 }: ConnectionsMockSettings): void {
  const bucket = quota === undefined ? undefined : createBucket(quota);
  let seen = startCounting();

  const server = createServer({ noDelay: true }, (socket) => {
    seen.sockets += 1;
    socket.on('error', () => {});
    readPosts(socket, (connectionId) => {
      const outcome = judge(connectionId);
      if (latencyMs === 0) socket.write(answers[outcome]);
      else setTimeout(reply, latencyMs, socket, outcome);
    });
  });
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    const ready: ConnectionsMock = { callbackUrl: `http://127.0.0.1:${port}/live` };
    serve({ ready, answers: { report } });
  });

  function reply(socket: Socket, outcome: keyof typeof answers): void {
    if (!socket.destroyed) socket.write(answers[outcome]);
  }

  function judge(connectionId: string): keyof typeof answers {
    if (bucket?.take() === false) {
      seen.throttled += 1;
      return 'throttled';
    }
    if (isGone(connectionId, gonePercent)) {
      seen.gone += 1;
      return 'gone';
    }
    const now = performance.now();
    if (seen.delivered === 0) seen.first = now;
    seen.last = now;
    seen.delivered += 1;
    seen.perId.set(connectionId, (seen.perId.get(connectionId) ?? 0) + 1);
    const tenth = Math.floor((now - seen.first) / 100);
    seen.tenths[tenth] = (seen.tenths[tenth] ?? 0) + 1;
    return 'delivered';
  }

  function report(): ConnectionsReport {
    const { perId, first, last, tenths, ...counts } = seen;
    seen = startCounting();
    return {
      ...counts,
      reached: perId.size,
      doubled: counts.delivered - perId.size,
      milliseconds: last - first,
      tenths: Array.from(tenths, (count) => count ?? 0),
    };
  }
}

function startCounting() {
  return {
    delivered: 0,
    gone: 0,
    throttled: 0,
    sockets: 0,
    first: 0,
    last: 0,
    perId: new Map<string, number>(),
    tenths: [] as number[],
  };
}

// Importing `isGone` does not start a server.
if (process.env['CONNECTIONS_MOCK'] !== undefined && process.argv[1] === import.meta.filename) {
  listen(JSON.parse(process.env['CONNECTIONS_MOCK']));
}
