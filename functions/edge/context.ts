import type { NewConnection } from '../core/connections/connection.ts';
import type { Speaker } from '../core/frames/speaker.ts';
import { principalOf, type Session } from '../core/handshake/session.ts';
import { type AuthorizerContext, readConnection, type SocketEvent } from './gateway.ts';

/** What the authorizer knows beside the session. */
export interface Admission {
  readonly sessionHash: string;
  /** Epoch milliseconds. */
  readonly authorizedAt: number;
  readonly jti?: string | undefined;
  readonly sessionSeal?: string | undefined;
}

/**
 * Strings only, because nobody knows what API Gateway makes of other types here; what is undefined is left out of JSON. The
 * session id is never among it.
 */
export function writeContext(session: Session, admission: Admission): AuthorizerContext {
  const { userInfo, channels, expiresAt } = session;
  const { sessionHash, authorizedAt, jti, sessionSeal } = admission;
  return {
    principalId: principalOf(session, sessionHash),
    sessionHash,
    authorizedAt: String(authorizedAt),
    userInfo: userInfo && JSON.stringify(userInfo),
    channels: channels && JSON.stringify(channels),
    sessionExpiresAt: expiresAt?.toString(),
    jti,
    sessionSeal,
  };
}

/** Whom the authorizer let in, as `connect` is to register it. Undefined when no authorizer of ours did. */
export function readAdmitted(
  event: SocketEvent,
): (Omit<NewConnection, 'connectedAt'> & Pick<Admission, 'authorizedAt' | 'jti'>) | undefined {
  const connection = readConnection(event);
  const { sessionHash, sessionExpiresAt, sessionSeal, authorizedAt, jti } = event.requestContext.authorizer ?? {};
  if (connection === undefined || sessionHash === undefined) return undefined;
  if (!(Number(authorizedAt) > 0)) return undefined;
  const end = sessionExpiresAt === undefined ? {} : { sessionExpiresAt: Number(sessionExpiresAt) };
  const seal = sessionSeal === undefined ? {} : { sessionSeal };
  return { ...connection, sessionHash, ...end, ...seal, authorizedAt: Number(authorizedAt), jti };
}

/** Who has sent a frame. Undefined when no authorizer of ours has let him in. */
export function readSpeaker(event: SocketEvent): Speaker | undefined {
  const connection = readConnection(event);
  if (connection === undefined) return undefined;
  const { userInfo, channels = '[]', authorizedAt } = event.requestContext.authorizer ?? {};
  const said = userInfo === undefined ? {} : { userInfo: JSON.parse(userInfo) };
  const saidAt = event.requestContext.requestTimeEpoch;
  // Without a time every revocation counts.
  return { ...connection, saidAt, authorizedAt: Number(authorizedAt) || 0, ...said, channels: JSON.parse(channels) };
}
