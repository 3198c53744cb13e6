/** One open socket and its principal. */
export interface Connection {
  readonly principalId: string;
  readonly connectionId: string;
}

/** The owner name of a user. It finds the connections of that principal, and others that act as the user. */
export function userOwner(userId: string): string {
  return `user:${userId}`;
}

/** The owner name of a session. It finds all connections of the session. */
export function sessionOwner(sessionHash: string): string {
  return `session:${sessionHash}`;
}

export interface NewConnection extends Connection {
  readonly sessionHash: string;
  /**
   * Epoch seconds, if PHP names an end. After it, the connection can join nothing more, and the next check closes it.
   */
  readonly sessionExpiresAt?: number;
  /** The sealed question for later checks of the session; undefined where PHP is not asked again. */
  readonly sessionSeal?: string;
  /** Epoch seconds of the next check. */
  readonly validUntil?: number;
  /** Epoch milliseconds. */
  readonly connectedAt: number;
}

/** Seconds. API Gateway closes a socket after two hours. A row that is ten minutes older can be deleted. */
export const connectionLifetime = 2 * 3600 + 10 * 60;

/**
 * How long a welcome may take, in seconds. Until then, a 410 may mean that `$connect` has not returned yet
 * (https://repost.aws/knowledge-center/410-gone-api-gateway).
 */
export const welcomePatience = 30;

/**
 * Converts API Gateway's connection id into the socket id that Pusher's clients and PHP libraries accept
 * (`digits.digits`): the bytes of each half as one big-endian number. It is reversible, so it is never stored. The id
 * is printable ASCII, so no half begins with a zero byte that the number would lose.
 */
export function socketIdOf(connectionId: string): string {
  const bytes = Buffer.from(connectionId, 'latin1');
  const middle = Math.ceil(bytes.length / 2);
  return `${toDecimal(bytes.subarray(0, middle))}.${toDecimal(bytes.subarray(middle))}`;
}

/** The connection id of a socket id, or `undefined` when no connection can have it. */
export function connectionIdOf(socketId: string): string | undefined {
  // 64 digits hold a connection id of 52 characters. The gateway never issues a longer socket id.
  if (!/^[1-9]\d{0,63}\.[1-9]\d{0,63}$/.test(socketId)) return undefined;
  const connectionId = socketId.split('.').map(fromDecimal).join('');
  return /^[\x21-\x7e]+$/.test(connectionId) && socketIdOf(connectionId) === socketId ? connectionId : undefined;
}

function toDecimal(bytes: Uint8Array): string {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`).toString();
}

function fromDecimal(digits: string): string {
  const hex = BigInt(digits).toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('latin1');
}
