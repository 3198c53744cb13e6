import { createHash, createHmac, hkdfSync } from 'node:crypto';

/** Each purpose has a key of its own, so that what is made for one can never be used for another. */
export type KeyPurpose = 'request' | 'session' | 'ticket' | 'at-rest';

/** Pusher's three: `key` is public and never rotates, `secret` is known to PHP and to the gateway only. */
export interface PusherCredentials {
  readonly appId: string;
  readonly key: string;
  readonly secret: string;
  /** While the secret is being changed: the one before, with which PHP may still seal tickets. */
  readonly previousSecret?: string | undefined;
}

export interface Credentials extends PusherCredentials {
  /** Derived once for all handshakes: HKDF takes several times as long as the HMACs that it is for. */
  readonly derived: Readonly<Record<KeyPurpose, Buffer>>;
  /** With which a ticket may have been sealed, the current secret's first. */
  readonly ticketKeys: readonly Buffer[];
  /** With which what lies in the connection table may have been sealed, the current secret's first. */
  readonly atRestKeys: readonly Buffer[];
}

/**
 * Hands out what was fetched at most so long ago, and fetches it otherwise.
 * @throws SessionCheckFailed
 */
export type CredentialsSource = (maxAgeMs?: number) => Promise<Credentials>;

export function deriveCredentials(credentials: PusherCredentials): Credentials {
  const { secret, previousSecret } = credentials;
  const derived = {
    request: deriveKey(secret, 'request'),
    session: deriveKey(secret, 'session'),
    ticket: deriveKey(secret, 'ticket'),
    'at-rest': deriveKey(secret, 'at-rest'),
  };
  const keysFor = (purpose: KeyPurpose) =>
    previousSecret === undefined ? [derived[purpose]] : [derived[purpose], deriveKey(previousSecret, purpose)];
  return { ...credentials, derived, ticketKeys: keysFor('ticket'), atRestKeys: keysFor('at-rest') };
}

const noSalt = new Uint8Array(0);

/** HKDF-SHA256(secret, empty salt, `session-socket/<purpose>`), 32 bytes. */
export function deriveKey(secret: string, purpose: KeyPurpose): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, noSalt, `session-socket/${purpose}`, 32));
}

/** What stands for a session id wherever something is stored or logged: 64 hex digits that nobody can turn back. */
export function hashSessionId({ derived }: Credentials, sessionId: string): string {
  return createHmac('sha256', derived.session).update(sessionId).digest('hex');
}

/** The parts of a request that `X-Session-Socket` vouches for. */
export interface SignedRequest {
  readonly method: 'GET';
  readonly pathAndQuery: string;
  /** Epoch seconds; PHP accepts ±300. */
  readonly time: number;
  /** The Cookie header, byte for byte. */
  readonly cookieHeader: string;
}

/** The value of `X-Session-Socket`, by which PHP knows that the gateway asks and not a browser. */
export function signRequest(credentials: Credentials, request: SignedRequest): string {
  const cookieHash = createHash('sha256').update(request.cookieHeader).digest('hex');
  const stringToSign = `${request.method}\n${request.pathAndQuery}\n${request.time}\n${cookieHash}`;
  const signature = createHmac('sha256', credentials.derived.request).update(stringToSign).digest('hex');
  return `kid=${credentials.key},t=${request.time},s=${signature}`;
}
