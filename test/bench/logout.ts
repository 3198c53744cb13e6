import { once } from 'node:events';
import { WebSocket } from 'ws';
import { Visitor } from '../php/visitor.ts';
import type { Bench } from './bench.ts';
import { startChild } from './child.ts';
import { type Figure, figure } from './figure.ts';
import type { LogoutServer } from './logout-server.ts';
import { percentile, spread } from './statistics.ts';

const rounds = 2;
const socketCount = 500;
const inFlight = 8;

/** From the browser's POST /logout to the close of each of its session's sockets, with 500 of them. */
export async function measureLogout(bench: Bench): Promise<Figure[]> {
  bench.step('synthesizing, then starting the local cloud and PHP');
  const { ready } = await startChild<LogoutServer>(bench, 'logout-server.ts', {
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  });
  const p50s: number[] = [];
  const p99s: number[] = [];
  // The first is for warming up.
  for (let round = 0; round <= rounds; round += 1) {
    bench.step(`a logout with ${socketCount} sockets, before ${ready.php}; round ${round} of ${rounds}`);
    const times = await logOut(bench, ready);
    if (round === 0) continue;
    p50s.push(percentile(times, 0.5));
    p99s.push(percentile(times, 0.99));
  }
  return [
    figure('logout/closed-p50', spread(p50s), { unit: 'ms' }),
    // A logout closes every tab within five seconds.
    figure('logout/closed-p99', spread(p99s), { unit: 'ms', limit: 5_000 }),
  ];
}

/** @returns milliseconds, one for each socket */
async function logOut(bench: Bench, { pageUrl, webSocketUrl }: LogoutServer): Promise<number[]> {
  const visitor = new Visitor(pageUrl);
  await visitor.logIn();
  const sockets: WebSocket[] = [];
  bench.defer(() => {
    for (const socket of sockets) socket.terminate();
  });
  while (sockets.length < socketCount) {
    sockets.push(...(await Promise.all(Array.from({ length: inFlight }, () => open(visitor, pageUrl, webSocketUrl)))));
  }
  const begin = performance.now();
  const closed = sockets.map(async (socket) => {
    await once(socket, 'close');
    return performance.now() - begin;
  });
  await visitor.post('/logout');
  return Promise.all(closed);
}

/** Resolves with the welcome, so that no socket is closed while it opens. */
async function open(visitor: Visitor, origin: string, webSocketUrl: string): Promise<WebSocket> {
  const ticket = await visitor.fetchToken();
  const url = `${webSocketUrl}?token=${encodeURIComponent(ticket)}`;
  const socket = new WebSocket(url, { origin, perMessageDeflate: false });
  await once(socket, 'message');
  return socket;
}
