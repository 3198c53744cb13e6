import type { Connect, Connected } from './connect-clients.ts';
import { percentile } from './statistics.ts';

export interface Load {
  /** Clients that connect at the same time. */
  readonly inFlight: number;
  readonly forMs: number;
}

/**
 * Keeps `inFlight` clients connecting for a while: each connects, waits until it may send, disconnects and starts
 * again.
 * @throws Error of the first connect that fails, because a rate must not leave failures out
 */
export async function runRound(connect: Connect, tokens: readonly string[], { inFlight, forMs }: Load) {
  const connected: Connected[] = [];
  const start = performance.now();
  const keepConnecting = async (client: number) => {
    const token = tokens[client % tokens.length];
    if (token === undefined) throw new Error('No client can connect without a session.');
    while (performance.now() - start < forMs) connected.push(await connect(token));
  };
  await Promise.all(Array.from({ length: inFlight }, (_, client) => keepConnecting(client)));
  const seconds = (performance.now() - start) / 1000;
  return {
    connectsPerSecond: connected.length / seconds,
    acceptedP50Ms: percentile(
      connected.map((each) => each.acceptedMs),
      0.5,
    ),
    usableP50Ms: percentile(
      connected.map((each) => each.usableMs),
      0.5,
    ),
  };
}
