import { type DemoOptions, startDemo } from './demo.ts';
import type { Gateway } from './gateway.ts';

/** The gateway in mode `ticket` and the PHP demo, which share credentials: a logout there closes sockets here. */
export interface TicketDemo extends Gateway {
  readonly pageUrl: string;
  /** Of the HTTP API. */
  readonly apiUrl: string;
  readonly credentials: { readonly appId: string; readonly key: string; readonly secret: string };
  /** Which PHP answers, and what it complained about. */
  readonly php: string;
  readonly complaints: readonly string[];
}

/**
 * @param context CDK context beside the usual
 * @param app another PHP app than the demo
 */
export async function startTicketDemo(
  context: Readonly<Record<string, string>> = {},
  app: Pick<DemoOptions, 'app'> = {},
): Promise<TicketDemo> {
  const complaints: string[] = [];
  const log = (line: string) => complaints.push(line);
  const demo = await startDemo({ ...app, context: { mode: 'ticket', ...context }, log });
  const { secrets, outputs } = demo.cloud;
  const [secret = ''] = Object.values(secrets);
  return {
    ...demo,
    apiUrl: outputs.HttpApiUrl ?? '',
    credentials: JSON.parse(secret),
    php: demo.php.php,
    complaints,
  };
}
