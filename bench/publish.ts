import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Bench } from './bench.ts';
import { startChild } from './child.ts';
import { type Figure, figure } from './figure.ts';
import type { PublishServer } from './publish-server.ts';
import { percentile, spread } from './statistics.ts';

const rounds = 5;
const eventCount = 100;
const channel = 'bench';

/** The time from `publish()` in PHP to the frame in a browser's socket, for the only subscriber of a channel. */
export async function measurePublish(bench: Bench): Promise<Figure[]> {
  bench.step('synthesizing, then starting the local cloud and PHP');
  const { ready } = await startChild<PublishServer>(bench, 'publish-server.ts', {
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  });
  const socket = await join(bench, ready);
  const p50s: number[] = [];
  const p99s: number[] = [];
  // The first round is for warming up.
  for (let round = 0; round <= rounds; round += 1) {
    bench.step(`${eventCount} events from ${ready.php}; round ${round} of ${rounds}`);
    const times: number[] = [];
    while (times.length < eventCount) times.push(await publish(ready, socket));
    if (round === 0) continue;
    p50s.push(percentile(times, 0.5));
    p99s.push(percentile(times, 0.99));
  }
  return [
    figure('publish/php-to-browser-p50', spread(p50s), { unit: 'ms', limit: 25 }),
    figure('publish/php-to-browser-p99', spread(p99s), { unit: 'ms' }),
  ];
}

async function join(bench: Bench, { webSocketUrl, pageUrl, ticket }: PublishServer): Promise<WebSocket> {
  const url = `${webSocketUrl}?token=${encodeURIComponent(ticket)}`;
  const socket = new WebSocket(url, { origin: pageUrl, perMessageDeflate: false });
  bench.defer(() => socket.terminate());
  await once(socket, 'message');
  socket.send(JSON.stringify({ event: 'pusher:subscribe', data: { channel, auth: '' } }));
  const [reply] = await once(socket, 'message');
  if (!String(reply).includes('subscription_succeeded')) throw new Error('The socket could not join its channel.');
  return socket;
}

/** @returns milliseconds, by the clock that both processes share; PHP's own answer may arrive later */
async function publish({ phpUrl, given }: PublishServer, socket: WebSocket): Promise<number> {
  const heard = once(socket, 'message').then(([frame]) => [performance.timeOrigin + performance.now(), frame] as const);
  const body = JSON.stringify([...given, channel]);
  const answer = await fetch(`${phpUrl}/inside?call=publish-time`, { method: 'POST', body });
  const fault = await answer.json();
  if (fault !== null) throw new Error(`PHP says: ${fault}`);
  const [at, frame] = await heard;
  return at - JSON.parse(JSON.parse(String(frame)).data);
}
