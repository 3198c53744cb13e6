/**
 * What the PHP demo needs to seal tickets: the three credentials that the stack's secret holds.
 * @param secrets of the local cloud
 */
export function ticketEnvironment(secrets: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const [secret = '{}'] = Object.values(secrets);
  const credentials = JSON.parse(secret) as Record<'appId' | 'key' | 'secret', string>;
  return {
    SESSION_SOCKET_APP_ID: credentials.appId,
    SESSION_SOCKET_KEY: credentials.key,
    SESSION_SOCKET_SECRET: credentials.secret,
  };
}
