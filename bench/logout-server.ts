import { signQuery } from '../test/fakes/signed-request.ts';
import { startTicketDemo } from '../test/gateway/ticket-demo.ts';
import { serve } from './serve.ts';

export interface LogoutServer {
  readonly pageUrl: string;
  readonly webSocketUrl: string;
  /** The version and kind of PHP. */
  readonly php: string;
}

/** The gateway on the local cloud and the PHP demo, whose logout closes sockets. */
const demo = await startTicketDemo({ maxConnectionsPerUser: '1000', maxHandshakesPerMinutePerUser: '100000' });
const { pageUrl, webSocketUrl, php } = demo;
const ready: LogoutServer = { pageUrl, webSocketUrl, php };
const revoked = () => demo.records().filter(({ message }) => message === 'revoked');

/** The request of the PHP file's `close_user()`. */
async function closeUser(): Promise<number> {
  const path = `/apps/${demo.credentials.appId}/users/gonzalo/terminate_connections`;
  const query = signQuery({ method: 'POST', path, body: Buffer.from('{}') }, demo.credentials);
  const headers = { 'content-type': 'application/json' };
  return (await fetch(`${demo.apiUrl}${path}?${query}`, { method: 'POST', headers, body: '{}' })).status;
}

serve({ ready, answers: { revoked, closeUser }, close: demo.close });
