import { ApiGatewayManagementApiClient, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import { Pool } from 'undici';
import { createSockets } from '../functions/edge/connections/sockets.ts';
import type { ConnectionsApiSettings } from '../functions/edge/environment.ts';
import { createSigner } from '../functions/edge/sigv4.ts';

/** Posts once, and fails unless it is delivered. */
export type Post = (connectionId: string, frame: Uint8Array) => Promise<unknown>;

const timeoutMs = 3000;
/** The most concurrent posts of any round. */
const sockets = 200;

function createOurs(api: ConnectionsApiSettings): Post {
  const { post } = createSockets(api, { maxAttempts: 1, timeoutMs });
  return async (connectionId, frame) => {
    if ((await post(connectionId, frame)) !== 'delivered') throw new Error('A post was not delivered.');
  };
}

/** AWS's own client with its defaults, except for a timeout and enough sockets. */
function createDefault({ callbackUrl: endpoint }: ConnectionsApiSettings): Post {
  const agents = { httpAgent: { keepAlive: true, maxSockets: sockets } };
  const limits = { connectionTimeout: timeoutMs, requestTimeout: timeoutMs, throwOnRequestTimeout: true };
  const client = new ApiGatewayManagementApiClient({
    endpoint,
    maxAttempts: 1,
    requestHandler: { ...agents, ...limits },
  });
  return (ConnectionId, Data) => client.send(new PostToConnectionCommand({ ConnectionId, Data }));
}

/** The minimum: undici, a signature as cheap as ours, and nothing else. */
function createRaw({ callbackUrl, region, credentials }: ConnectionsApiSettings): Post {
  const { origin, host, pathname } = new URL(callbackUrl);
  const pool = new Pool(origin, { connections: sockets });
  const sign = createSigner({ host, region, service: 'execute-api', credentials });
  const contentType = { 'content-type': 'application/octet-stream' };
  return (connectionId, body) =>
    new Promise<void>((resolve, reject) => {
      const path = `${pathname}/@connections/${encodeURIComponent(connectionId)}`;
      const signature = sign({ method: 'POST', path, headers: contentType, body }, Date.now());
      let status = 0;
      const handler = {
        onRequestStart() {},
        onResponseStart(_: unknown, statusCode: number) {
          status = statusCode;
        },
        onResponseData() {},
        onResponseEnd: () => (status === 200 ? resolve() : reject(new Error(`A post was answered ${status}.`))),
        onResponseError: (_: unknown, error: Error) => reject(error),
      };
      pool.dispatch({ method: 'POST', path, headers: { ...contentType, ...signature }, body }, handler);
    });
}

export const postingClients = { ours: createOurs, default: createDefault, raw: createRaw } as const;
export type PostingClient = keyof typeof postingClients;
