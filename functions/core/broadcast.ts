import type { Clock } from './clock.ts';
import type { Connection } from './connection.ts';
import { fanOut } from './fan-out.ts';
import type { Leave } from './leave.ts';
import type { SocketSender } from './socket-sender.ts';
import type { Subscriptions } from './subscriptions.ts';

/** One frame for all who have joined a channel. */
export interface Broadcast {
  readonly channel: string;
  /** Encoded once, whatever the number of subscribers. */
  readonly frame: string;
  /** The connection that is left out, usually the one that caused it. */
  readonly except?: string | undefined;
}

/** What is known when a broadcast returns. */
export interface BroadcastReport {
  readonly delivered: number;
  readonly gone: number;
  /** Posts that failed for another reason than a gone socket, after every retry. */
  readonly lost: number;
  /** Posts that were repeated. */
  readonly retried: number;
  /** Whether `deliver` works on the rest, whose numbers are in its own log. */
  readonly handedOn: boolean;
  readonly milliseconds: number;
}

/** Few subscribers are posted to at once; for many, `deliver` is started page by page. It returns when the rest is queued. */
export type Publish = (broadcast: Broadcast) => Promise<BroadcastReport>;

export interface PublishWorld {
  readonly subscriptions: Pick<Subscriptions, 'page'>;
  readonly sender: Pick<SocketSender, 'post'>;
  readonly leave: Leave;
  readonly clock: Clock;
}

const concurrency = 100;

/** Posts to all at once, and takes those who are gone out of the channel and everything else. */
export function createPublish({ subscriptions, sender, leave, clock }: PublishWorld): Publish {
  return async ({ channel, frame, except }) => {
    const begin = clock.now();
    const { delivered, gone, failed } = await fanOut({ recipients: recipients(), frame, sender, concurrency });
    await Promise.all(gone.map((connection) => leave(connection, channel)));
    const milliseconds = clock.now() - begin;
    return { delivered, gone: gone.length, lost: failed, retried: 0, handedOn: false, milliseconds };

    async function* recipients(): AsyncIterable<readonly Connection[]> {
      for (let after: string | undefined, isOver = false; !isOver; ) {
        const { subscribers, next } = await subscriptions.page(channel, { after });
        yield subscribers.filter(({ connectionId }) => connectionId !== except);
        [after, isOver] = [next, next === undefined];
      }
    }
  };
}
