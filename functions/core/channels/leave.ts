import type { Connection } from '../connections/connection.ts';
import type { ConnectionRegistry } from '../connections/connection-registry.ts';
import type { Part } from './part.ts';

/**
 * The one way out of everything, for a disconnect, a socket found gone, a session that ended and a revocation: forgets a
 * connection, its subscriptions, and its user where that was the last connection on a presence channel. It MAY be repeated.
 * @param channel one more that it is to be removed from, where the connection was found although its own row did not say so
 */
export type Leave = (connection: Connection, channel?: string) => Promise<void>;

export function createLeave(registry: Pick<ConnectionRegistry, 'leave'>, part: Part): Leave {
  return async (connection, channel) => {
    // The row first: whoever joins meanwhile finds none, and undoes himself.
    const channels = new Set(await registry.leave(connection));
    if (channel !== undefined) channels.add(channel);
    await Promise.all([...channels].map((each) => part(each, connection)));
  };
}
