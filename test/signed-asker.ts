import type { IncomingMessage } from 'node:http';
import { deriveCredentials, type PusherCredentials, signRequest } from '../functions/core/credentials.ts';

/** Whether a request comes from a gateway with this secret, as PHP finds out: by signing it as well. */
export function isSignedWith(credentials: PusherCredentials, { url = '/', headers }: IncomingMessage): boolean {
  const signature = String(headers['x-session-socket']);
  const time = Number(/,t=(\d+),/.exec(signature)?.[1]);
  const cookieHeader = headers.cookie ?? '';
  const expected = signRequest(deriveCredentials(credentials), {
    method: 'GET',
    pathAndQuery: url,
    time,
    cookieHeader,
  });
  return signature === expected;
}
