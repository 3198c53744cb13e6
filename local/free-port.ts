import { randomInt } from 'node:crypto';
import { createServer } from 'node:http';
import { closeServer, listenOnLoopback } from './loopback.ts';

/**
 * Below the range from which systems take ports for outgoing connections and for port 0 (from 32768 on Linux, from 49152 on macOS
 * and Windows), and above the ports that browsers block: what is free here stays free until its server starts.
 */
const range = { from: 20_000, to: 32_768 };
const attempts = 100;

/**
 * For programs that must know a port before anything listens on it, or that cannot be told "any".
 * @param wanted 0 for any free one
 * @throws a sentence with the port number when it is taken
 */
export async function findFreePort(wanted = 0): Promise<number> {
  if (wanted !== 0) return probe(wanted);
  for (let attempt = 1; attempt < attempts; attempt += 1) {
    const port = await probe(randomInt(range.from, range.to)).catch(() => undefined);
    if (port !== undefined) return port;
  }
  return probe(0);
}

async function probe(port: number): Promise<number> {
  const server = createServer();
  const bound = await listenOnLoopback(server, port);
  await closeServer(server);
  return bound;
}
