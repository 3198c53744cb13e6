import { deriveCredentials, hashSessionId } from '../../functions/core/keys/credentials.ts';
import { startSealingApp } from '../fakes/sealing-app.ts';
import { signQuery } from '../fakes/signed-request.ts';
import { signForSocket } from '../fakes/socket-auth.ts';
import { type Client, connect } from '../socket-client.ts';
import { type Gateway, type GatewayOptions, startGateway } from './gateway.ts';

/** A gateway with the HTTP API beside it, and an app whose visitors are user 42. */
export interface Publishing extends Gateway {
  readonly pageUrl: string;
  /** The only session of the app, and its hash in the HTTP API. */
  readonly sessionId: string;
  readonly sessionHash: string;
  /** Of the HTTP API. */
  readonly apiUrl: string;
  /** From now on the app's visitors are this user; undefined: PHP returns no user. */
  become(userId: string | undefined): void;
  /** A new ticket, by a clock of PHP that may be ahead. */
  seal(secondsAhead?: number): string;
  /** A socket that has had its welcome and has joined these channels, signed by PHP. */
  listen(channels: readonly string[], userId?: string): Promise<Listener>;
  /** A request as PHP signs it. */
  ask(method: 'GET' | 'POST', route: string, options?: Asked): Promise<Response>;
}

export interface Listener {
  readonly client: Client;
  readonly socketId: string;
  /** The events of a channel, so far. */
  on(channel: string): readonly { readonly event: string; readonly data: unknown; readonly id?: string }[];
  /** Signs in as a user, by PHP's signature. */
  signIn(userId: string): void;
  /** The first frame of this event, past or future. */
  heard(event: string): Promise<{ readonly channel: string; readonly data: string }>;
}

interface Asked {
  readonly body?: string;
  /** Parameters of its own, sorted. */
  readonly query?: string;
  readonly key?: string;
  readonly secret?: string;
  /** Epoch seconds. */
  readonly time?: number;
}

export async function startPublishing(
  context: Readonly<Record<string, string>> = {},
  options: GatewayOptions = {},
): Promise<Publishing> {
  const app = await startSealingApp();
  const place = { sessionEndpoint: `${app.url}/getSessionID`, allowedOrigins: app.url };
  const gateway = await startGateway({ ...place, ...context }, options);
  const { credentials } = gateway;
  app.credentials = credentials;
  const apiUrl = gateway.cloud.outputs['HttpApiUrl'] ?? '';
  // By the cloud's clock: a cloud whose clock a test had moved by 35 seconds rejected some tickets of the machine's
  // clock.
  const seal = (secondsAhead = 0) => {
    const now = Math.floor(gateway.cloud.clock.now() / 1000) + secondsAhead;
    return app.seal({ iat: now, exp: now + 30 });
  };

  return {
    ...gateway,
    pageUrl: app.url,
    sessionId: app.sessionId,
    sessionHash: hashSessionId(deriveCredentials(credentials), app.sessionId),
    apiUrl,
    seal,
    become(userId) {
      app.identity = userId === undefined ? {} : { userId };
    },
    async listen(channels, userId = '42') {
      const url = `${gateway.webSocketUrl}?token=${encodeURIComponent(seal())}`;
      const client = await connect(url, { origin: app.url });
      const heard = async (event: string) =>
        JSON.parse(await client.find((frame) => JSON.parse(frame).event === event));
      const socketId = JSON.parse((await heard('pusher:connection_established')).data).socket_id;
      for (const channel of channels) {
        client.send({ event: 'pusher:subscribe', data: wishFor(channel, socketId, userId) });
        const isAnswer = (frame: string) => frame.includes('subscription_') && JSON.parse(frame).channel === channel;
        const answer = await client.find(isAnswer);
        if (!answer.includes('succeeded')) throw new Error(`The socket could not join: ${answer}`);
      }
      const on = (channel: string) =>
        client.frames.map((frame) => JSON.parse(frame)).filter((frame) => frame.channel === channel && 'id' in frame);
      const signIn = (id: string) => {
        const user_data = JSON.stringify({ id });
        const auth = signForSocket(credentials, socketId, '', 'user', '', user_data);
        client.send({ event: 'pusher:signin', data: { auth, user_data } });
      };
      return { client, socketId, signIn, heard, on };
    },
    ask(method, route, { body = '', query = '', key, secret = credentials.secret, time = Date.now() / 1000 } = {}) {
      const path = `/apps/${credentials.appId}${route}`;
      const signer = { ...credentials, secret, time: Math.floor(time), others: query };
      const signed = signQuery({ method, path, body: Buffer.from(body) }, signer);
      const headers = { 'content-type': 'application/json', ...(key === undefined ? {} : { 'idempotency-key': key }) };
      return fetch(`${apiUrl}${path}?${signed}`, { method, headers, ...(body === '' ? {} : { body }) });
    },
    async close() {
      await gateway.close();
      await app.close();
    },
  };

  function wishFor(channel: string, socketId: string, userId: string): object {
    if (!/^(private|presence)-/.test(channel)) return { channel, auth: '' };
    const channelData = channel.startsWith('presence-') ? JSON.stringify({ user_id: userId }) : undefined;
    const data = channelData === undefined ? [] : [channelData];
    return { channel, auth: signForSocket(credentials, socketId, channel, ...data), channel_data: channelData };
  }
}
