import { randomBytes } from 'node:crypto';
import type { APIGatewayAuthorizerResult } from 'aws-lambda';
import type { Clock } from './core/clock.ts';
import { sealAtRest } from './core/handshake/at-rest.ts';
import { checkOrigin, type OriginPolicy } from './core/handshake/origin.ts';
import { createProofReader, isTicket } from './core/handshake/proof.ts';
import { askingWith, hasEnded, type Proof, type Session } from './core/handshake/session.ts';
import { type Browser, SessionCheckFailed, type SessionLookup } from './core/handshake/session-lookup.ts';
import { clockTolerance, sessionOf, type Ticket } from './core/handshake/ticket.ts';
import { passableUserAgent } from './core/handshake/user-agent.ts';
import type { SettledWayIn } from './core/handshake/way-in.ts';
import { ivLength } from './core/keys/aes-gcm.ts';
import { type CredentialsSource, hashSessionId } from './core/keys/credentials.ts';
import { isRefusal, type Refusal, type RefusalReason, refuse } from './core/refusal.ts';
import { createRefusalLog } from './core/refusal-log.ts';
import { type Admission, writeContext } from './edge/context.ts';
import { allow, type ConnectAuthorizerEvent, deny, fitsGateway, readHeader, readTokens } from './edge/gateway.ts';
import type { Tell } from './edge/telemetry.ts';

interface Dependencies {
  readonly origins: OriginPolicy;
  readonly wayIn: Pick<SettledWayIn, 'mode' | 'tokenFrom' | 'sessionCheck' | 'cookieName' | 'cookies'>;
  /** Whether PHP is asked again while the socket is open, so that the question has to be kept. */
  readonly asksAgain?: boolean;
  readonly sessions: SessionLookup;
  readonly credentials: CredentialsSource;
  readonly clock: Clock;
  readonly tell: Tell;
}

/** Traces of an attack, each of which is logged. A ticket that was used is the third; Connect knows it, and logs every one. */
const alwaysLogged: ReadonlySet<Refusal['refused']> = new Set<RefusalReason>(['foreign-origin', 'unreadable-ticket']);

/**
 * Decides who may open a socket. Accepted: an Allow for exactly this handshake. Refused: a Deny, which the browser sees
 * as 403. Everything else throws, which it sees as 500, so that Lambda's error metric counts faults and nothing else.
 */
export function createAuthorizer({
  origins,
  wayIn,
  asksAgain = false,
  sessions,
  credentials,
  clock,
  tell,
}: Dependencies) {
  const readProof = createProofReader(wayIn, credentials, clock);
  const refusals = createRefusalLog(clock);

  return async (event: ConnectAuthorizerEvent): Promise<APIGatewayAuthorizerResult> => {
    for (const suppressed of refusals.flush()) tell('info', 'refusals suppressed', suppressed, {});
    const outcome = await whoAsks(event).catch((error: unknown) => {
      reportFailure(event, error);
      throw error;
    });
    if (isRefusal(outcome)) {
      reportRefusal(event, outcome);
      return deny(event.methodArn);
    }
    return outcome;
  };

  async function whoAsks(event: ConnectAuthorizerEvent): Promise<APIGatewayAuthorizerResult | Refusal> {
    const origin = checkOrigin(readHeader(event, 'origin'), origins);
    if (origin !== 'allowed') return origin;
    const askedAt = clock.now();
    const proof = await readProof(readTokens(event, wayIn.tokenFrom));
    if (isRefusal(proof)) return proof;
    const session = await findSession(proof, event);
    if (isRefusal(session)) return session;
    if (hasEnded(session, clock.now())) return refuse('expired-session');

    const held = await credentials();
    const sessionHash = hashSessionId(held, session.sessionId);
    const admission = { sessionHash, ...whatIsKnown(proof, askedAt) };
    const result = allow(event.methodArn, writeContext(session, admission));
    if (!fitsGateway(result)) return refuse('oversized-identity');
    if (!asksAgain) return result;
    const { cookieHeader } = askingWith(proof, wayIn.cookieName);
    const question = { cookieHeader, sessionId: session.sessionId, ...browserOf(event, proof) };
    const sessionSeal = sealAtRest(question, sessionHash, held, randomBytes(ivLength));
    const sealed = allow(event.methodArn, writeContext(session, { ...admission, sessionSeal }));
    return fitsGateway(sealed) ? sealed : refuse('oversized-seal');
  }

  /** A logout between the ticket and this handshake is newer than what we know; so is one now, where PHP's clock is ahead. */
  function whatIsKnown(proof: Proof | Ticket, askedAt: number): Pick<Admission, 'authorizedAt' | 'jti'> {
    if (!isTicket(proof)) return { authorizedAt: askedAt };
    // PHP's yes is as old as a trusted ticket, by a clock that may be ahead.
    const ahead = wayIn.sessionCheck === 'always' ? 0 : clockTolerance;
    return { authorizedAt: Math.min((proof.issuedAt - ahead) * 1000, askedAt), jti: proof.jti };
  }

  async function findSession(proof: Proof | Ticket, event: ConnectAuthorizerEvent): Promise<Session | Refusal> {
    if (wayIn.sessionCheck === 'trust-ticket' && isTicket(proof)) return sessionOf(proof);
    return sessions.whose(proof, browserOf(event, proof));
  }

  /** What PHP saw of it counts before the handshake's header. */
  function browserOf(event: ConnectAuthorizerEvent, proof: Proof | Ticket): Browser {
    const { address, agent } = isTicket(proof) ? proof : {};
    const userAgent = agent === undefined ? passableUserAgent(readHeader(event, 'user-agent')) : undefined;
    return { userAgent, address, agent };
  }

  function reportRefusal(event: ConnectAuthorizerEvent, { refused, sentence }: Refusal): void {
    const count = { HandshakeRefused: 1 };
    if (!alwaysLogged.has(refused) && !refusals.isWritten(refused)) {
      tell('info', undefined, { reason: refused }, count);
      return;
    }
    // The one thing a developer needs to mend a list of origins; a stranger chose it, so it is cut.
    const origin = refused === 'foreign-origin' ? readHeader(event, 'origin') : undefined;
    const { connectionId } = event.requestContext;
    const fields = { connectionId, reason: refused, sentence, origin: origin?.slice(0, 200) };
    tell('info', 'handshake refused', fields, count);
  }

  function reportFailure({ requestContext }: ConnectAuthorizerEvent, error: unknown): void {
    const { outcome, reason } =
      error instanceof SessionCheckFailed ? error : { outcome: 'unavailable', reason: 'an unexpected fault' };
    const count = outcome === 'misconfigured' ? { HandshakeMisconfigured: 1 } : { HandshakeUnavailable: 1 };
    tell('error', `session check ${outcome}`, { connectionId: requestContext.connectionId, reason }, count);
  }
}
