import type { IncomingMessage } from 'node:http';
import { deriveCredentials, type PusherCredentials, signRequest } from '../functions/core/credentials.ts';

/** Whether a request comes from a gateway with this secret, as PHP finds out: by signing it as well. */
export function isSignedWith(credentials: PusherCredentials, { url = '/', headers }: IncomingMessage): boolean {
  const signature = String(headers['x-session-socket']);
  const time = Number(/,t=(\d+),/.exec(signature)?.[1]);
  const cookieHeader = headers.cookie ?? '';
  const browser = {
    address: textOf(headers['x-session-socket-address']),
    agent: textOf(headers['x-session-socket-agent']),
  };
  const request = { method: 'GET', pathAndQuery: url, time, cookieHeader, ...browser } as const;
  const expected = signRequest(deriveCredentials(credentials), request);
  return signature === expected;
}

function textOf(header: string | string[] | undefined): string | undefined {
  return header?.toString();
}
