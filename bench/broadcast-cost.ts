import type { BroadcastRound } from './broadcast-round.ts';
import { messageBytes, prices } from './prices.ts';

/** Of `publish` and of `deliver`, as the construct sets them; docs/benchmarks.md says what a smaller CPU changes. */
const gigabytes = { publish: 0.5, deliver: 1769 / 1024 };

/** What a thousand such events cost in US dollars, from what one was counted to take. */
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
