import { InvokeCommand } from '@aws-sdk/client-lambda';
import type { Connection } from '../core/connections/connection.ts';
import type { RegisteredConnection } from '../core/connections/connection-registry.ts';
import type { BroadcastPage } from '../core/delivery/broadcast.ts';
import { createLambdaClient } from './aws-clients.ts';

/**
 * The event of `deliver`. A frame has at most 128 KB, or twice as much as text in JSON; an event may have 1 MB
 * (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
 */
export type DeliverJob =
  | { readonly welcome: Connection }
  /** Part of a large broadcast. */
  | { readonly broadcast: BroadcastPage }
  /** Connections above the limit of their principal. */
  | { readonly putOut: readonly RegisteredConnection[] };

/** Starts another function of the gateway without waiting for it: Lambda queues the event and answers at once. */
export interface Starter {
  deliver(job: DeliverJob): Promise<void>;
  /** Lets `revalidate` close, at this instant (epoch seconds), the sockets whose session has ended by then. */
  closeEnded(endsAt: number): Promise<void>;
  /** Does nothing when hello is off. */
  tick(): Promise<void>;
}

interface FunctionNames {
  readonly deliver: string;
  readonly revalidate?: string | undefined;
  readonly tick?: string | undefined;
}

export function createStarter(functions: FunctionNames): Starter {
  const client = createLambdaClient();
  return {
    deliver: (job) => start(functions.deliver, job),
    closeEnded: async (endsAt) => {
      if (functions.revalidate !== undefined) await start(functions.revalidate, { endsAt });
    },
    tick: async () => {
      if (functions.tick !== undefined) await start(functions.tick, {});
    },
  };

  async function start(FunctionName: string, job: object): Promise<void> {
    await client.send(new InvokeCommand({ FunctionName, InvocationType: 'Event', Payload: JSON.stringify(job) }));
  }
}
