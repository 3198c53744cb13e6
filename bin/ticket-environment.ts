import type { LocalCloud } from '../local/index.ts';

/**
 * What the PHP demo needs to seal tickets and to close sockets at a logout: the three credentials that the stack's secret
 * holds, and the HTTP API.
 */
export function ticketEnvironment({ secrets, outputs }: LocalCloud): Readonly<Record<string, string>> {
  const [secret = '{}'] = Object.values(secrets);
  const credentials = JSON.parse(secret) as Record<'appId' | 'key' | 'secret', string>;
  return {
    SESSION_SOCKET_API_URL: outputs.HttpApiUrl ?? '',
    SESSION_SOCKET_APP_ID: credentials.appId,
    SESSION_SOCKET_KEY: credentials.key,
    SESSION_SOCKET_SECRET: credentials.secret,
  };
}
