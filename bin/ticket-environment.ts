import type { PusherCredentials } from '../functions/core/keys/credentials.ts';
import type { LocalCloud } from '../local/index.ts';

type Deployed = Pick<LocalCloud, 'secrets' | 'outputs'>;

/** What PHP shares with the gateway: two outputs of the stack, and the secret. */
export function readCredentials({ secrets, outputs }: Deployed): PusherCredentials {
  const [stored = '{}'] = Object.values(secrets);
  const { secret } = JSON.parse(stored) as Pick<PusherCredentials, 'secret'>;
  return { appId: outputs.AppId ?? '', key: outputs.Key ?? '', secret };
}

/** What the PHP demo needs to seal tickets and to close sockets at a logout: the credentials, and the HTTP API. */
export function ticketEnvironment(cloud: Deployed): Readonly<Record<string, string>> {
  const { appId, key, secret } = readCredentials(cloud);
  return {
    SESSION_SOCKET_API_URL: cloud.outputs.HttpApiUrl ?? '',
    SESSION_SOCKET_APP_ID: appId,
    SESSION_SOCKET_KEY: key,
    SESSION_SOCKET_SECRET: secret,
  };
}
