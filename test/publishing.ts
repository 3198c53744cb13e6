import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { connectionIdOf } from '../functions/core/connection.ts';
import type { PusherCredentials } from '../functions/core/credentials.ts';
import { systemClock } from '../functions/edge/clock.ts';
import { createConnectionRows } from '../functions/edge/connection-rows.ts';
import { createMemberRows } from '../functions/edge/member-rows.ts';
import { createSubscriptionRows } from '../functions/edge/subscription-rows.ts';
import { signQuery } from './fakes/signed-request.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { startSealingApp } from './sealing-app.ts';
import { type Client, connect } from './socket-client.ts';

/** A gateway with the HTTP API beside it, and an app whose visitors are user 42. */
export interface Publishing extends Gateway {
  /** Of the HTTP API. */
  readonly apiUrl: string;
  readonly credentials: PusherCredentials;
  /** A socket that has had its welcome, and its id. */
  open(): Promise<{ readonly client: Client; readonly socketId: string }>;
  /** Puts a socket on a channel, on presence channels as a user. */
  join(channel: string, socketId: string, userId?: string): Promise<void>;
  /** A request as PHP signs it. */
  ask(method: 'GET' | 'POST', route: string, options?: Asked): Promise<Response>;
}

interface Asked {
  readonly body?: string;
  readonly query?: string;
  readonly key?: string;
  readonly secret?: string;
  readonly time?: number;
}

export async function startPublishing(context: Readonly<Record<string, string>> = {}): Promise<Publishing> {
  const app = await startSealingApp();
  const place = { sessionEndpoint: `${app.url}/getSessionID`, allowedOrigins: app.url };
  const gateway = await startGateway({ ...place, mode: 'ticket', ...context });
  const [secret = ''] = Object.values(gateway.cloud.secrets);
  const credentials: PusherCredentials = JSON.parse(secret);
  app.credentials = credentials;
  const apiUrl = gateway.cloud.outputs.HttpApiUrl ?? '';
  const { dynamodbEndpoint: endpoint, region, credentials: keys } = gateway.cloud;
  const dynamodb = new DynamoDBClient({ endpoint, region, credentials: keys });
  const tableOf = (part: string) => Object.entries(gateway.cloud.tables).find(([id]) => id.includes(part))?.[1] ?? '';
  const registry = createConnectionRows(tableOf('Connections'), dynamodb, systemClock);
  const subscriptions = createSubscriptionRows(tableOf('Subscriptions'), dynamodb, systemClock);
  const members = createMemberRows(tableOf('Members'), dynamodb, systemClock);

  return {
    ...gateway,
    apiUrl,
    credentials,
    async open() {
      const url = `${gateway.webSocketUrl}?token=${encodeURIComponent(app.seal())}`;
      const client = await connect(url, { origin: app.url });
      const welcome = await client.find((frame) => frame.includes('pusher:connection_established'));
      return { client, socketId: JSON.parse(JSON.parse(welcome).data).socket_id };
    },
    async join(channel, socketId, userId) {
      const connection = { principalId: 'user:42', connectionId: connectionIdOf(socketId) ?? '' };
      await registry.join(connection, channel, 100);
      if (userId !== undefined) await members.join(channel, { userId }, connection.connectionId);
      await subscriptions.add(channel, connection, userId);
    },
    ask(method, route, { body = '', query = '', key, secret = credentials.secret, time = Date.now() / 1000 } = {}) {
      const path = `/apps/${credentials.appId}${route}`;
      const signer = { ...credentials, secret, time: Math.floor(time), others: query };
      const signed = signQuery({ method, path, body: Buffer.from(body) }, signer);
      const headers = { 'content-type': 'application/json', ...(key === undefined ? {} : { 'idempotency-key': key }) };
      return fetch(`${apiUrl}${path}?${signed}`, { method, headers, ...(body === '' ? {} : { body }) });
    },
    async close() {
      dynamodb.destroy();
      await gateway.close();
      await app.close();
    },
  };
}
