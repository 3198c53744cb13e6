import type { Server } from 'node:http';
import type { AddressInfo, Server as NetServer } from 'node:net';
import { refuseWebPages } from './web-pages.ts';

/**
 * Of a server: longer than clients such as the SDK's and `fetch` keep an idle connection, or they would write into one that is just
 * being closed. Node's default is five seconds, and a busy machine is late.
 */
export const keepAliveMs = 60_000;

/**
 * Binds to 127.0.0.1 and nothing else, and keeps web pages out: the local cloud answers nobody but this machine's programs.
 * @param port 0 for any free one
 * @param isOwnPage as for `refuseWebPages`
 * @returns the port
 * @throws a sentence with the port number when it is taken
 */
export async function listenOnLoopback(
  server: Server,
  port = 0,
  isOwnPage?: (url: string) => boolean,
): Promise<number> {
  const bound = await listen(server, port);
  refuseWebPages(server, [`127.0.0.1:${bound}`, `localhost:${bound}`], isOwnPage);
  return bound;
}

/**
 * For 127.0.0.1 and nothing else.
 * @throws a sentence with the port number when it is taken
 */
export function listen(server: NetServer, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new Error(`Port ${port} is taken by another program.`) : error);
    server.once('error', refuse);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', refuse);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Ends open requests too: a Lambda that waits for its next event would keep the server open for ever. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
