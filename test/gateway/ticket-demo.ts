import { type DemoOptions, startDemo } from './demo.ts';
import type { Gateway } from './gateway.ts';

/** The gateway in mode `ticket` and the PHP demo, which share credentials: a logout there closes sockets here. */
export interface TicketDemo extends Gateway {
  readonly pageUrl: string;
  /** Of the HTTP API. */
  readonly apiUrl: string;
  /** Which PHP answers, and what it complained about. */
  readonly php: string;
  /** The folder of PHP's own sessions. */
  readonly sessions: string;
  readonly complaints: readonly string[];
  /** Forgets the complaints so far, because they were asked for. */
  forgive(): void;
}

/**
 * @param context CDK context beside the usual
 * @param options for another app than the demo
 */
export async function startTicketDemo(
  context: Readonly<Record<string, string>> = {},
  options: Pick<DemoOptions, 'app' | 'environment'> = {},
): Promise<TicketDemo> {
  const complaints: string[] = [];
  const log = (line: string) => complaints.push(line);
  const demo = await startDemo({ ...options, context, log });
  return {
    ...demo,
    apiUrl: demo.cloud.outputs['HttpApiUrl'] ?? '',
    php: demo.php.php,
    sessions: demo.php.sessions,
    complaints,
    forgive: () => complaints.splice(0),
  };
}
