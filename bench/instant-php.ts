import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sessionId } from '../test/fakes/events.ts';
import { serve } from './serve.ts';

/** The clients. Each has its own port, so that their sockets and requests can be told apart. */
export const askers = ['authorizer', 'nodeHttp', 'rawSocket', 'secretsManager'] as const;
type Asker = (typeof askers)[number];

export type Ports = Readonly<Record<Asker, number>>;
export type Counts = Readonly<Record<Asker, { readonly sockets: number; readonly requests: number }>>;

const counts: Record<string, { sockets: number; requests: number }> = {};
let askedByAuthorizer: readonly string[] = [];

/** PHP and Secrets Manager with immediate answers, so that only the client takes time. */
async function listen(asker: Asker): Promise<number> {
  const count = { sockets: 0, requests: 0 };
  counts[asker] = count;
  const secret = { SecretString: JSON.stringify({ secret: 'bench' }) };
  const body = JSON.stringify(asker === 'secretsManager' ? secret : sessionId);
  const headers = { 'content-type': 'application/json', 'content-length': String(body.length) };
  const server = createServer((request, response) => {
    count.requests += 1;
    if (asker === 'authorizer') askedByAuthorizer = request.rawHeaders;
    request.resume();
    response.writeHead(200, headers).end(body);
  });
  server.on('connection', () => {
    count.sockets += 1;
  });
  // A socket stays idle during the rounds of the other clients.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const ready = Object.fromEntries(await Promise.all(askers.map(async (asker) => [asker, await listen(asker)])));
serve({ ready, answers: { counts: () => counts, headers: () => askedByAuthorizer } });
