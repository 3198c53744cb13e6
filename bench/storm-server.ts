import { setPriority } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { contents, createSealer } from '../test/fakes/ticket.ts';
import { startGateway } from '../test/gateway/gateway.ts';
import { serve } from './serve.ts';

export interface Storm {
  /** Until the last client was connected. */
  readonly seconds: number;
  readonly attempts: number;
}

/**
 * Full jitter below a bound that doubles with each attempt:
 * https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
 */
const [firstBoundMs, lastBoundMs] = [1_000, 16_000];

/** Long enough for every function to have its environments. */
const warmUpSockets = 100;

const { STORM_PHP = '', STORM_SOCKETS, STORM_CHECKS } = process.env;

// In a deployment PHP has its own machine, so here PHP and its pages have priority over the cloud and the clients.
setPriority(5);
const origin = 'http://127.0.0.1';
const gateway = await startGateway(
  {
    sessionEndpoint: `${STORM_PHP}/getSessionID`,
    allowedOrigins: origin,
    mode: 'ticket',
    ...(STORM_CHECKS === undefined ? {} : { maxConcurrentSessionChecks: STORM_CHECKS }),
  },
  { maxEnvironmentsPerFunction: 16 },
);
const seal = createSealer(gateway.credentials);
const sockets: WebSocket[] = [];

const answers = { warmUp: () => storm(warmUpSockets), storm: () => storm(Number(STORM_SOCKETS)) };
serve({ ready: {}, answers, close: gateway.close });

/** Connects all clients at once; each retries until it is connected. */
async function storm(count: number): Promise<Storm> {
  for (const socket of sockets.splice(0)) socket.terminate();
  const begin = performance.now();
  const attempts = await Promise.all(Array.from({ length: count }, (_, n) => comeBack(n)));
  const seconds = (performance.now() - begin) / 1000;
  return { seconds, attempts: attempts.reduce((sum, each) => sum + each, 0) };
}

/** @returns the number of its handshakes */
async function comeBack(visitor: number): Promise<number> {
  const sessionId = String(visitor).padStart(26, 'visitor');
  for (let attempt = 1, boundMs = firstBoundMs; ; attempt += 1, boundMs = Math.min(2 * boundMs, lastBoundMs)) {
    // A page would fetch the ticket from PHP. It is sealed here, so that the storm consists of session checks only.
    const ticket = seal(contents(Math.floor(Date.now() / 1000), { c: `PHPSESSID=${sessionId}`, s: sessionId }));
    const socket = await dial(`${gateway.webSocketUrl}?token=${encodeURIComponent(ticket)}`);
    if (socket !== undefined) {
      sockets.push(socket);
      return attempt;
    }
    await pause(Math.random() * boundMs);
  }
}

function dial(url: string): Promise<WebSocket | undefined> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, { origin, perMessageDeflate: false, handshakeTimeout: 60_000 });
    socket.once('open', () => resolve(socket));
    socket.on('error', () => resolve(undefined));
  });
}
