import { createHmac, hkdfSync } from 'node:crypto';

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

/** What does not fit may be made with a secret newer than ours; but strangers make such things too, so a newer one is fetched this rarely. */
const youngEnoughMs = 60_000;

/**
 * Tries with the secret that is kept, and once more where the outcome may only mean that there is a newer one.
 * @param mayBeNewer whether to try again after this outcome
 * @throws SessionCheckFailed when there is no secret
 */
export async function tryNewerSecret<Outcome>(
  credentials: CredentialsSource,
  attempt: (credentials: Credentials) => Outcome,
  mayBeNewer: (outcome: Outcome) => boolean,
): Promise<Outcome> {
  const kept = await credentials();
  const outcome = attempt(kept);
  if (!mayBeNewer(outcome)) return outcome;
  const fresh = await credentials(youngEnoughMs);
  return fresh === kept ? outcome : attempt(fresh);
}
