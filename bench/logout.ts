import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { LogRecord } from '../test/gateway/gateway.ts';
import { Visitor } from '../test/php/visitor.ts';
import type { Bench } from './bench.ts';
import { type Child, startChild } from './child.ts';
import { type Figure, figure } from './figure.ts';
import type { LogoutServer } from './logout-server.ts';
import { percentile, spread } from './statistics.ts';

const rounds = 5;
const socketCount = 500;
const inFlight = 10;

/** The steps in the function's own log line, in their order. */
const steps = ['revoke', 'find', 'mark', 'close'] as const;

type Part = 'before' | (typeof steps)[number] | 'seen';
const parts: readonly Part[] = ['before', ...steps, 'seen'];

interface Logout {
  /** Milliseconds from the browser's request, one for each socket. */
  readonly closed: readonly number[];
  /** Milliseconds; their sum is the last of `closed`. */
  readonly parts: Readonly<Record<Part, number>>;
}

/** The time from the browser's POST /logout, and from `close_user()`, to the close of each of 500 sockets. */
export async function measureLogout(bench: Bench): Promise<Figure[]> {
  bench.step('synthesizing, then starting the local cloud and PHP');
  const server = await startChild<LogoutServer>(bench, 'logout-server.ts', {
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  });
  const logouts: Logout[] = [];
  const closings: Logout[] = [];
  // The first round is for warming up.
  for (let round = 0; round <= rounds; round += 1) {
    bench.step(`a logout with ${socketCount} sockets, before ${server.ready.php}; round ${round} of ${rounds}`);
    const logout = await close(bench, server, 2 * round, (visitor) => visitor.post('/logout'));
    const closing = await close(bench, server, 2 * round + 1, () => server.ask('closeUser'));
    if (round === 0) continue;
    logouts.push(logout);
    closings.push(closing);
  }
  const over = (pick: (logout: Logout) => number) => spread(logouts.map(pick));
  return [
    figure(
      'logout/closed-p50',
      over(({ closed }) => percentile(closed, 0.5)),
      { unit: 'ms' },
    ),
    figure(
      'logout/closed-p99',
      over(({ closed }) => percentile(closed, 0.99)),
      { unit: 'ms', limit: 1_000 },
    ),
    figure('logout/user-closed-p99', spread(closings.map(({ closed }) => percentile(closed, 0.99))), {
      unit: 'ms',
      limit: 1_000,
    }),
    ...parts.map((part) =>
      figure(
        `logout/part-${part}`,
        over((logout) => logout.parts[part]),
        { unit: 'ms' },
      ),
    ),
  ];
}

async function close(
  bench: Bench,
  server: Child<LogoutServer>,
  round: number,
  act: (visitor: Visitor) => Promise<unknown>,
): Promise<Logout> {
  const { pageUrl, webSocketUrl } = server.ready;
  const visitor = new Visitor(pageUrl);
  await visitor.logIn();
  const sockets: WebSocket[] = [];
  bench.defer(() => {
    for (const socket of sockets) socket.terminate();
  });
  while (sockets.length < socketCount) {
    sockets.push(...(await Promise.all(Array.from({ length: inFlight }, () => open(visitor, pageUrl, webSocketUrl)))));
  }
  const begin = Date.now();
  const closed = sockets.map(async (socket) => {
    await once(socket, 'close');
    return Date.now() - begin;
  });
  await act(visitor);
  const times = await Promise.all(closed);
  return { closed: times, parts: readParts(await lineOf(server, round), begin, Math.max(...times)) };
}

/** The function's log line about this round's logout; it arrives a moment after the answer. */
async function lineOf(server: Child<LogoutServer>, round: number): Promise<LogRecord> {
  for (let left = 100; left > 0; left -= 1) {
    // PHP retries when an answer is late, and then finds fewer sockets.
    const line = (await server.ask<readonly LogRecord[]>('revoked')).filter(({ found }) => found === socketCount)[
      round
    ];
    if (line !== undefined) return line;
    await pause(50);
  }
  throw new Error(`The function has logged no logout that found ${socketCount} sockets.`);
}

/** @param lastMs from `begin` to the last close that a client saw */
function readParts(line: LogRecord, begin: number, lastMs: number): Logout['parts'] {
  const ended = new Date(String(line['timestamp'])).getTime() - Number(line['forgetMs']);
  const own = steps.map((step) => [step, Number(line[`${step}Ms`])] as const);
  const began = ended - own.reduce((sum, [, ms]) => sum + ms, 0);
  const known = Object.fromEntries(own) as Record<(typeof steps)[number], number>;
  return { before: began - begin, ...known, seen: begin + lastMs - ended };
}

/** Resolves at the welcome, so that no socket is closed while it opens. */
async function open(visitor: Visitor, origin: string, webSocketUrl: string): Promise<WebSocket> {
  const ticket = await visitor.fetchToken();
  const url = `${webSocketUrl}?token=${encodeURIComponent(ticket)}`;
  const socket = new WebSocket(url, { origin, perMessageDeflate: false });
  await once(socket, 'message');
  return socket;
}
