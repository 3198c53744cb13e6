import { readCredentials } from '../../bin/php-environment.ts';
import { deriveCredentials } from '../../functions/core/keys/credentials.ts';
import { signRequest } from '../../functions/core/keys/gateway-signature.ts';
import type { TicketDemo } from '../gateway/ticket-demo.ts';

/**
 * The address and the user agent that the app's page `/browser` sees when the gateway asks for a browser that has
 * others.
 */
export async function seenBrowser({ cloud, pageUrl }: TicketDemo, secret?: string): Promise<unknown> {
  const credentials = readCredentials(cloud);
  const browser = { address: '203.0.113.7', agent: Buffer.from('Mozilla/5.0').toString('base64url') };
  const time = Math.floor(Date.now() / 1000);
  const request = { method: 'GET', pathAndQuery: '/browser', time, cookieHeader: '', ...browser } as const;
  const signature = signRequest(deriveCredentials({ ...credentials, ...(secret && { secret }) }), request);
  const answer = await fetch(`${pageUrl}/browser`, {
    headers: {
      'User-Agent': 'gateway',
      'X-Session-Socket': signature,
      'X-Session-Socket-Address': browser.address,
      'X-Session-Socket-Agent': browser.agent,
    },
  });
  return answer.json();
}
