import type { BroadcastRound } from './broadcast-round.ts';
import { messageBytes, prices } from './prices.ts';

/** The memory of `publish` and `deliver` in the construct; docs/benchmarks.md says what a smaller CPU changes. */
const gigabytes = { publish: 0.5, deliver: 1769 / 1024 };

/** The price of a thousand such events in US dollars, from the counts of one. */
export function costOfThousand({ publishMs, frameBytes, sockets, table, workers }: BroadcastRound): number {
  const posts = sockets.delivered + sockets.gone;
  const gigabyteSeconds = (publishMs * gigabytes.publish + workers.milliseconds * gigabytes.deliver) / 1000;
  const one =
    posts * Math.ceil(frameBytes / messageBytes) * prices.webSocketMessage +
    prices.httpRequest +
    (1 + workers.invocations) * prices.lambdaRequest +
    gigabyteSeconds * prices.lambdaGigabyteSecond +
    table.readUnits * prices.dynamodbReadUnit +
    table.writeUnits * prices.dynamodbWriteUnit;
  return one * 1000;
}
