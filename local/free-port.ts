import { createServer } from 'node:http';
import { closeServer, listenOnLoopback } from './loopback.ts';

/**
 * For those who must know a port before anybody listens on it, or who cannot be told "any".
 * @param wanted 0 for any free one
 * @throws a sentence with the port number when it is taken
 */
export async function findFreePort(wanted = 0): Promise<number> {
  const server = createServer();
  const port = await listenOnLoopback(server, wanted);
  await closeServer(server);
  return port;
}
