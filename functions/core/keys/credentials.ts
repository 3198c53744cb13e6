import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

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

/** What the secret of the deployment holds. */
export interface Secrets extends Pick<PusherCredentials, 'secret' | 'previousSecret'> {
  /** The `Authorization` header that PHP gets, for a site behind HTTP Basic. */
  readonly authorization?: string | undefined;
}

export interface Credentials extends PusherCredentials, Secrets {
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

export function deriveCredentials(credentials: PusherCredentials & Secrets): Credentials {
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
  /** As PHP saw it when it sealed the ticket. */
  readonly address?: string | undefined;
  /** As PHP saw it then, in base64url. */
  readonly agent?: string | undefined;
}

/** The value of `X-Session-Socket`, by which PHP knows that the gateway asks and not a browser. */
export function signRequest(credentials: Credentials, request: SignedRequest): string {
  const { method, pathAndQuery, time, cookieHeader, address, agent } = request;
  const parts = [method, pathAndQuery, time, createHash('sha256').update(cookieHeader).digest('hex')];
  // A PHP file that seals neither signs without them.
  const browser = address === undefined && agent === undefined ? [] : [address ?? '', agent ?? ''];
  return `kid=${credentials.key},t=${time},s=${sign(credentials, [...parts, ...browser].join('\n'))}`;
}

/**
 * Whether PHP's own file answered no to this very request: `X-Session-Socket-Answer: no,s=<hex>`, over the request's own
 * signature, so that a kept copy is worth nothing for another request.
 * @param request the value of `X-Session-Socket`
 */
export function isSignedNo(credentials: Credentials, request: string, answer: string): boolean {
  const expected = Buffer.from(`no,s=${sign(credentials, `no\n${request.slice(-64)}`)}`);
  const given = Buffer.from(answer);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function sign({ derived }: Credentials, text: string): string {
  return createHmac('sha256', derived.request).update(text).digest('hex');
}
