/** One open socket and whom it belongs to. */
export interface Connection {
  readonly principalId: string;
  readonly connectionId: string;
}

/** The name under which a user's connections are found: those of the principal of that name, and others that act as the user. */
export function userOwner(userId: string): string {
  return `user:${userId}`;
}

/** The name under which all connections of a session are found. */
export function sessionOwner(sessionHash: string): string {
  return `session:${sessionHash}`;
}

export interface NewConnection extends Connection {
  readonly sessionHash: string;
  /** Epoch seconds, when PHP says so: from then on it joins nothing more, and is closed as soon as somebody looks. */
  readonly sessionExpiresAt?: number;
  /** With what PHP is asked about the session again, sealed; undefined where nothing is asked again. */
  readonly sessionSeal?: string;
  /** Epoch seconds, when that is next. */
  readonly validUntil?: number;
  /** Epoch milliseconds. */
  readonly connectedAt: number;
}

/** Seconds. API Gateway ends a socket after two hours; ten minutes more, and a row that outlived it is litter. */
export const connectionLifetime = 2 * 3600 + 10 * 60;

/**
 * How long a welcome may take, in seconds: until then a 410 may only mean that `$connect` has not returned yet
 * (https://repost.aws/knowledge-center/410-gone-api-gateway).
 */
export const welcomePatience = 30;

/**
 * API Gateway's connection id in the form that Pusher's clients and PHP libraries accept as socket id (`digits.digits`):
 * the bytes of each half as one big-endian number. Reversible, so it is never stored. The id is printable ASCII, so no half
 * begins with a zero byte that the number would lose.
 */
export function socketIdOf(connectionId: string): string {
  const bytes = Buffer.from(connectionId, 'latin1');
  const middle = Math.ceil(bytes.length / 2);
  return `${toDecimal(bytes.subarray(0, middle))}.${toDecimal(bytes.subarray(middle))}`;
}

/** The connection id in a socket id, or `undefined` when no connection can have it. */
export function connectionIdOf(socketId: string): string | undefined {
  // 64 digits hold a connection id of 52 characters; a longer text is nothing that we ever handed out.
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
