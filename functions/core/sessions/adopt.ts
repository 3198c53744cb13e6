import { kindOf } from '../channels/channel.ts';
import type { Subscriptions } from '../channels/subscriptions.ts';
import type { Clock } from '../clock.ts';
import { forEachConcurrently } from '../concurrency.ts';
import { sessionOwner, userOwner } from '../connections/connection.ts';
import type { ConnectionRegistry } from '../connections/connection-registry.ts';
import type { Revocations } from '../connections/revocations.ts';
import type { DueConnection } from './live-sessions.ts';

const concurrency = 50;

/**
 * Registers connections of functions of 0.1.0 with their owners: the session, and the users that they act as. After an
 * update, the next run adopts all of them.
 * @param deadline epoch milliseconds; the remaining connections are due a minute later
 * @returns connections that an earlier logout should have closed but did not find
 */
export type Adopt = (connections: readonly DueConnection[], deadline: number) => Promise<readonly DueConnection[]>;

export interface AdoptParts {
  readonly registry: Pick<ConnectionRegistry, 'own'>;
  readonly subscriptions: Pick<Subscriptions, 'find'>;
  readonly revocations: Pick<Revocations, 'isRevokedSince'>;
  readonly clock: Clock;
}

export function createAdopt({ registry, subscriptions, revocations, clock }: AdoptParts): Adopt {
  return async (connections, deadline) => {
    const revoked: DueConnection[] = [];
    await forEachConcurrently([connections], concurrency, async (connection) => {
      if (clock.now() >= deadline) return;
      const users = await usersOf(connection);
      if (!(await registry.own(connection, users))) return;
      const owners = [connection.principalId, sessionOwner(connection.sessionHash), ...users.map(userOwner)];
      if (await revocations.isRevokedSince([...new Set(owners)], connection.connectedAt)) revoked.push(connection);
    });
    return revoked;
  };

  async function usersOf(connection: DueConnection): Promise<readonly string[]> {
    const { signedInAs, channels = [] } = connection.unowned ?? {};
    const users = new Set(signedInAs === undefined ? [] : [signedInAs]);
    for (const channel of channels) {
      if (kindOf(channel) !== 'presence') continue;
      const { userId } = (await subscriptions.find(channel, connection)) ?? {};
      if (userId !== undefined) users.add(userId);
    }
    return [...users].filter((userId) => userOwner(userId) !== connection.principalId);
  }
}
