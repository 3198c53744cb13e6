import { type Clock, doublingPauses } from '../clock.ts';
import type { Connection } from '../connections/connection.ts';
import type { ConnectionRegistry } from '../connections/connection-registry.ts';
import { encodeFrame, welcomeFrame } from '../frames/frame.ts';
import { explainEnding } from '../refusal.ts';
import { closeSocket, type Delivery, encodeLastFrame, type SocketSender, SocketTrouble } from './socket-sender.ts';

/**
 * The outcome of a welcome. `revoked`: the connection was revoked before its socket was open, and is closed now with
 * the reason. `lost`: the socket did not open, or has closed again. `left`: it has closed since its welcome.
 */
export type Welcomed = 'welcomed' | 'revoked' | 'lost' | 'left';

/** Posts the first frame of a connection, which Pusher clients wait for. Then it opens the connection to broadcasts. */
export type Welcome = (connection: Connection) => Promise<Welcomed>;

export interface WelcomeParts {
  readonly registry: Pick<ConnectionRegistry, 'holds' | 'markWelcomed' | 'whyRevoked'>;
  readonly sender: SocketSender;
  /** Removes a connection whose socket was closed. */
  leave(connection: Connection): Promise<void>;
  readonly clock: Clock;
}

/**
 * Milliseconds for which a 410 of a registered connection means "not open yet", and for which failed posts are retried.
 */
const openingMs = 10_000;

export function createWelcome({ registry, sender, leave, clock }: WelcomeParts): Welcome {
  return async (connection) => {
    const delivery = await post(connection);
    if (delivery === 'delivered' && (await registry.markWelcomed(connection, clock.now()))) return 'welcomed';
    if ((await registry.whyRevoked(connection)) !== undefined) {
      await close(connection);
      return 'revoked';
    }
    // The row stays: `$disconnect` removes it, and the socket may only be slow to open.
    return delivery === 'gone' ? 'lost' : 'left';
  };

  async function post(connection: Connection): Promise<Delivery> {
    const frame = encodeFrame(welcomeFrame(connection.connectionId));
    // A connection that was revoked while it opened is never welcomed.
    if (!(await registry.holds(connection))) return 'gone';
    const giveUpAt = clock.now() + openingMs;
    for (const pauseMs of doublingPauses(25, 1000)) {
      const isLast = clock.now() + pauseMs > giveUpAt;
      const delivery = await sender.post(connection.connectionId, frame).catch((error: unknown) => {
        // Lambda's own retry comes a minute later, and no client waits so long for its welcome.
        if (isLast || !(error instanceof SocketTrouble && error.retryable)) throw error;
        return 'unknown' as const;
      });
      if (delivery === 'delivered' || (isLast && delivery === 'gone')) return delivery;
      // Otherwise every client that disconnects early would keep a Lambda busy for ten seconds.
      if (!(await registry.holds(connection))) return 'gone';
      await clock.pause(pauseMs);
    }
    return 'gone';
  }

  async function close(connection: Connection): Promise<void> {
    const giveUpAt = clock.now() + openingMs;
    for (const pauseMs of doublingPauses(25, 1000)) {
      const why = await registry.whyRevoked(connection);
      if (why === undefined) break;
      const closing = await closeSocket(connection.connectionId, encodeLastFrame(explainEnding(why)), sender);
      if (closing === 'closed' || clock.now() + pauseMs > giveUpAt) break;
      await clock.pause(pauseMs);
    }
    await leave(connection);
  }
}
