import type { Server } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { generate } from 'selfsigned';
import { keepAliveMs, listen } from './loopback.ts';

/** A server with and without TLS on one port. */
export interface DualServer {
  readonly port: number;
  close(): Promise<void>;
}

/** The type of the first TLS record: https://www.rfc-editor.org/rfc/rfc8446#section-5.1 */
const tlsHandshake = 22;

/**
 * Handlers use `https://`, because API Gateway's hosts accept only TLS. Local browsers and tools use plain `ws://`.
 * @throws a sentence with the port number if the port is in use
 */
export async function listenWithTls(
  server: Server,
  port: number,
  certificate: { readonly key: string; readonly cert: string },
): Promise<DualServer> {
  server.keepAliveTimeout = keepAliveMs;
  // Only HTTP/1.1, which the AWS SDK and all WebSocket clients use here.
  const tls = createTlsServer({ ...certificate, ALPNProtocols: ['http/1.1'] }, (socket) =>
    server.emit('connection', socket),
  );
  tls.on('tlsClientError', (_, socket) => socket.destroy());
  const sockets = new Set<Socket>();
  const front = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.once('data', (first: Buffer) => {
      socket.pause();
      socket.unshift(first);
      // The TLS server reads the data that was put back. Data that flows before it starts would be lost.
      if (first[0] === tlsHandshake) {
        tls.emit('connection', socket);
        return;
      }
      server.emit('connection', socket);
      socket.resume();
    });
  });
  const bound = await listen(front, port);
  return {
    port: bound,
    close() {
      return new Promise((resolve) => {
        front.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      });
    },
  };
}

/** The certificate of a TLS server on this machine. PEM, never written to a file. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** Creates a new certificate at each start, for this machine and the given names. Clients must trust it explicitly. */
export async function createCertificate(hosts: readonly string[]): Promise<Certificate> {
  const names = ['localhost', ...hosts].map((value) => ({ type: 2 as const, value }));
  const made = await generate([{ name: 'commonName', value: 'the local cloud' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames: [...names, { type: 7, ip: '127.0.0.1' }] },
    ],
  });
  return { key: made.private, cert: made.cert };
}
