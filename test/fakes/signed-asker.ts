import { createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { deriveCredentials, deriveKey, type PusherCredentials } from '../../functions/core/keys/credentials.ts';
import { signRequest } from '../../functions/core/keys/gateway-signature.ts';
import type { Mood } from './web-server.ts';

/** Verifies, as PHP does, that a request comes from a gateway with this secret. */
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

/** PHP's own no: a 403 that is signed for this very request. */
export function sayNo({ secret }: Pick<PusherCredentials, 'secret'>): Mood {
  const key = deriveKey(secret, 'request');
  return ({ headers }, response) => {
    const signature = String(headers['x-session-socket']).slice(-64);
    const mark = createHmac('sha256', key).update(`no\n${signature}`).digest('hex');
    response.writeHead(403, { 'x-session-socket-answer': `no,s=${mark}` }).end();
  };
}
