import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bench } from './bench.ts';
import { drawBroadcast } from './broadcast-chart.ts';
import { costOfThousand } from './broadcast-cost.ts';
import { type BroadcastRound, broadcastOnce, buildDeliver, quota } from './broadcast-round.ts';
import { isGone } from './connections-mock.ts';
import { type Figure, figure } from './figure.ts';
import { countReadUnits } from './read-units.ts';
import { median, spread } from './statistics.ts';
import { subscriberIds } from './subscriber-ids.ts';

const rounds = 3;
const gonePercent = 5;

/** One event to 100,000 sockets: how long the last one waits, what the workers consume, and the price. */
export async function measureBroadcast(bench: Bench): Promise<Figure[]> {
  const subscribers = bench.recipients;
  const bundle = await buildDeliver(bench);
  const many: BroadcastRound[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    bench.step(`to ${subscribers} sockets, round ${round} of ${rounds}`);
    many.push(await broadcastOnce(bench, bundle, { subscribers, gonePercent: 0 }));
  }
  const of = (value: (round: BroadcastRound) => number) => spread(many.map(value));
  const seconds = of(({ milliseconds }) => milliseconds / 1000);
  const last = many.toSorted((a, b) => a.milliseconds - b.milliseconds)[Math.floor(rounds / 2)];
  if (bench.chart && last !== undefined) await writeFile(chartFile, drawBroadcast(last.sockets.tenths, quota.rate));

  const costs: [number, number][] = [[subscribers, median(many.map(costOfThousand))]];
  for (const size of [1, 100, 10_000].filter((count) => count < subscribers)) {
    bench.step(`to ${size} sockets`);
    costs.push([size, costOfThousand(await broadcastOnce(bench, bundle, { subscribers: size, gonePercent: 0 }))]);
  }
  return [
    figure('broadcast/done', seconds, { unit: 's', limit: 12 }),
    figure(
      'broadcast/lost',
      of(({ sockets }) => subscribers - sockets.reached),
      { unit: 'sockets', limit: 0 },
    ),
    figure(
      'broadcast/doubled',
      of(({ sockets }) => sockets.doubled),
      { unit: 'posts', limit: 0 },
    ),
    figure('broadcast/throttled', of(throttledPercent), { unit: '%', limit: 1 }),
    figure('broadcast/worker-cpu', of(cpuForPost), { unit: 'µs' }),
    figure(
      'broadcast/worker-memory',
      of(({ workers }) => workers.peakMemoryMb),
      { unit: 'MB', limit: 200 },
    ),
    figure(
      'broadcast/workers',
      of(({ workers }) => workers.invocations),
      { unit: 'invocations' },
    ),
    ...(await measureGone(bench, bundle)),
    figure('broadcast/read-units', await countReadUnits(bench, subscribers), { unit: 'units', limit: 1_700 }),
    ...costs
      .sort(([a], [b]) => a - b)
      .map(([count, dollars]) => {
        return figure(`broadcast/1000-events-to-${count}`, dollars, { unit: 'US$' });
      }),
  ];
}

const chartFile = join(import.meta.dirname, '..', 'docs', 'images', 'broadcast.svg');

function throttledPercent({ sockets }: BroadcastRound): number {
  return (sockets.throttled / (sockets.delivered + sockets.gone + sockets.throttled)) * 100;
}

/** In microseconds, including the start of the workers. */
function cpuForPost({ workers, sockets }: BroadcastRound): number {
  return (workers.cpuMs * 1000) / (sockets.delivered + sockets.gone + sockets.throttled);
}

async function measureGone(bench: Bench, bundle: string): Promise<Figure[]> {
  const subscribers = Math.min(10_000, bench.recipients);
  bench.step(`to ${subscribers} sockets of which ${gonePercent} % are gone`);
  const { sockets, table } = await broadcastOnce(bench, bundle, { subscribers, gonePercent });
  const gone = subscriberIds(subscribers).filter((id) => isGone(id, gonePercent)).length;
  return [
    figure('broadcast/gone-still-there', gone - (subscribers - table.subscribers), { unit: 'rows', limit: 0 }),
    figure('broadcast/gone-tried-again', sockets.gone - gone, { unit: 'posts', limit: 0 }),
    figure('broadcast/gone-others-lost', subscribers - gone - sockets.reached, { unit: 'sockets', limit: 0 }),
  ];
}
