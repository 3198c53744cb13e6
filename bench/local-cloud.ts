import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Bench } from './bench.ts';
import { startChild } from './child.ts';
import { type Figure, figure } from './figure.ts';
import type { LocalCloudServer } from './local-cloud-server.ts';
import { percentile, spread } from './statistics.ts';

const rounds = 5;
const inFlight = 8;
const forMs = 2_000;
const warmUpMs = 3_000;
const roundTrips = 500;
const idleSockets = 5_000;

/** The local cloud's own speed: handshakes, messages and the memory of idle sockets. */
export async function measureLocalCloud(bench: Bench): Promise<Figure[]> {
  bench.step('starting the local cloud');
  const { ready, ask } = await startChild<LocalCloudServer>(bench, 'local-cloud-server.ts');
  const url = `${ready.webSocketUrl}?token=allow`;

  bench.step('warming up');
  await handshakes(url, warmUpMs);
  const rates: number[] = [];
  const medians: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    bench.step(`${inFlight} clients in flight, then one that talks; round ${round} of ${rounds}`);
    rates.push(await handshakes(url, forMs));
    medians.push(await roundTripMs(url));
  }

  bench.step(`${idleSockets} sockets`);
  const before = await ask<number>('megabytes');
  const sockets: WebSocket[] = [];
  bench.defer(() => {
    for (const socket of sockets) socket.terminate();
  });
  while (sockets.length < idleSockets) {
    sockets.push(...(await Promise.all(Array.from({ length: inFlight }, () => open(url)))));
  }
  const after = await ask<number>('megabytes');
  return [
    figure('local-cloud/start', ready.startMs, { unit: 'ms', limit: 4_000 }),
    figure('local-cloud/handshakes', spread(rates), { unit: 'handshakes/s', limit: 200, better: 'higher' }),
    figure('local-cloud/round-trip-p50', spread(medians), { unit: 'ms', limit: 5 }),
    figure('local-cloud/idle-5000-sockets', after, { unit: 'MB', limit: 600 }),
    figure('local-cloud/idle-socket', ((after - before) / idleSockets) * 1000, { unit: 'kB' }),
  ];
}

/** @returns per second, each through the authorizer and `$connect` */
async function handshakes(url: string, ms: number): Promise<number> {
  const start = performance.now();
  let count = 0;
  const keepConnecting = async () => {
    while (performance.now() - start < ms) {
      const socket = await open(url);
      count += 1;
      socket.close();
    }
  };
  await Promise.all(Array.from({ length: inFlight }, keepConnecting));
  return (count * 1000) / (performance.now() - start);
}

/** The time from the message to the two-way route's answer. */
async function roundTripMs(url: string): Promise<number> {
  const socket = await open(url);
  const times: number[] = [];
  while (times.length < roundTrips) {
    const start = performance.now();
    socket.send('{"say":"hello"}');
    await once(socket, 'message');
    times.push(performance.now() - start);
  }
  socket.close();
  return percentile(times, 0.5);
}

async function open(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await once(socket, 'open');
  return socket;
}
