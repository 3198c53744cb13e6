import type { Connection } from './connection.ts';

/**
 * The one way out of everything, for a disconnect, a socket found gone, a session that ended and a revocation: forgets a
 * connection, its subscriptions, and its user where that was the last connection on a presence channel. It MAY be repeated.
 * @param channel one more that it is to be removed from, where the connection was found although its own row did not say so
 */
export type Leave = (connection: Connection, channel?: string) => Promise<void>;
