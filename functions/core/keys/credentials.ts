import { createHmac, hkdfSync } from 'node:crypto';

/** Each purpose has its own key, so a value made for one purpose is invalid for another. */
export type KeyPurpose = 'request' | 'session' | 'ticket' | 'at-rest';

/** Pusher's three credentials. `key` is public and never rotates. Only PHP and the gateway know `secret`. */
export interface PusherCredentials {
  readonly appId: string;
  readonly key: string;
  readonly secret: string;
  /** The secret before the current one, during a rotation. PHP may still seal tickets with it. */
  readonly previousSecret?: string | undefined;
}

/** The content of the deployment's secret. */
export interface Secrets extends Pick<PusherCredentials, 'secret' | 'previousSecret'> {
  /** The `Authorization` header for requests to PHP, where the site is behind HTTP Basic. */
  readonly authorization?: string | undefined;
}

export interface Credentials extends PusherCredentials, Secrets {
  /** Derived once for all handshakes, because HKDF takes several times as long as the HMACs. */
  readonly derived: Readonly<Record<KeyPurpose, Buffer>>;
  /** Keys that may have sealed a ticket, the current secret's first. */
  readonly ticketKeys: readonly Buffer[];
  /** Keys that may have sealed a question in the connection table, the current secret's first. */
  readonly atRestKeys: readonly Buffer[];
}

/**
 * Returns the cached credentials if they are at most `maxAgeMs` old, and fetches them otherwise.
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

/** The hash that is stored and logged instead of a session id: 64 hex digits that cannot be reversed. */
export function hashSessionId({ derived }: Credentials, sessionId: string): string {
  return createHmac('sha256', derived.session).update(sessionId).digest('hex');
}

/**
 * A wrong signature may mean that our secret is old. Strangers send wrong signatures too, so this limits how often it
 * is fetched.
 */
const refetchAfterMs = 60_000;

/**
 * Tries with the cached secret, and once more with a new one if `mayBeNewer` says that the secret may have changed.
 * @param mayBeNewer whether this outcome may mean that there is a newer secret
 * @throws SessionCheckFailed when there is no secret
 */
export async function tryNewerSecret<Outcome>(
  credentials: CredentialsSource,
  attempt: (credentials: Credentials) => Outcome,
  mayBeNewer: (outcome: Outcome) => boolean,
): Promise<Outcome> {
  const cached = await credentials();
  const outcome = attempt(cached);
  if (!mayBeNewer(outcome)) return outcome;
  const fresh = await credentials(refetchAfterMs);
  return fresh === cached ? outcome : attempt(fresh);
}
