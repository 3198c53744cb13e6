import { startTicketDemo } from '../ticket-demo.ts';
import { serve } from './serve.ts';

export interface LogoutServer {
  readonly pageUrl: string;
  readonly webSocketUrl: string;
  /** Which PHP answers. */
  readonly php: string;
}

/** The gateway on the local cloud and the PHP demo, whose logout closes sockets. */
const demo = await startTicketDemo({ maxConnectionsPerUser: '1000' });
const { pageUrl, webSocketUrl, php } = demo;
const ready: LogoutServer = { pageUrl, webSocketUrl, php };
const revoked = () => demo.records().filter(({ message }) => message === 'revoked');
serve({ ready, answers: { revoked }, close: demo.close });
