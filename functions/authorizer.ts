import { randomBytes } from 'node:crypto';
import type { APIGatewayAuthorizerResult } from 'aws-lambda';
import type { Clock } from './core/clock.ts';
import type { ResolvedHandshakeOptions } from './core/handshake/handshake-options.ts';
import { checkOrigin, type OriginPolicy } from './core/handshake/origin.ts';
import { createHandshakeReader, type Handshake, sealAtRest } from './core/handshake/question.ts';
import { hasEnded, type Session, SessionCheckFailed, type SessionLookup, sessionOf } from './core/handshake/session.ts';
import { clockTolerance, type Ticket } from './core/handshake/ticket.ts';
import { ivLength } from './core/keys/aes-gcm.ts';
import { type CredentialsSource, hashSessionId } from './core/keys/credentials.ts';
import { isRefusal, type Refusal, type RefusalReason, refuse } from './core/refusal.ts';
import { createRefusalLog } from './core/refusal-log.ts';
import {
  allow,
  type ConnectAuthorizerEvent,
  deny,
  fitsGateway,
  readHeader,
  readTokens,
  writeContext,
} from './edge/authorizer-event.ts';
import type { Log } from './edge/telemetry.ts';

interface AuthorizerParts {
  readonly origins: OriginPolicy;
  readonly options: Pick<ResolvedHandshakeOptions, 'mode' | 'tokenFrom' | 'sessionCheck' | 'cookieName' | 'cookies'>;
  /**
   * Whether PHP is asked again while the socket is open. Then the authorizer encrypts the question for the connection's
   * row.
   */
  readonly asksAgain?: boolean;
  readonly sessions: SessionLookup;
  readonly credentials: CredentialsSource;
  readonly clock: Clock;
  readonly log: Log;
}

/** Refusals that may be an attack: each is logged. Connect logs the third kind, every ticket that was already used. */
const alwaysLogged: ReadonlySet<Refusal['refused']> = new Set<RefusalReason>(['foreign-origin', 'unreadable-ticket']);

/**
 * Decides who may open a socket. Accepted: an Allow for exactly this handshake. Refused: a Deny, so the browser gets
 * 403. Everything else throws, and the browser gets 500. So Lambda's error metric counts faults and nothing else.
 */
export function createAuthorizer({
  origins,
  options,
  asksAgain = false,
  sessions,
  credentials,
  clock,
  log,
}: AuthorizerParts) {
  const readHandshake = createHandshakeReader(options, credentials, clock);
  const refusals = createRefusalLog(clock);

  return async (event: ConnectAuthorizerEvent): Promise<APIGatewayAuthorizerResult> => {
    for (const suppressed of refusals.flush()) log('info', 'refusals suppressed', suppressed, {});
    const outcome = await authorize(event).catch((error: unknown) => {
      reportFailure(event, error);
      throw error;
    });
    if (isRefusal(outcome)) {
      reportRefusal(event, outcome);
      return deny(event.methodArn);
    }
    return outcome;
  };

  async function authorize(event: ConnectAuthorizerEvent): Promise<APIGatewayAuthorizerResult | Refusal> {
    const origin = checkOrigin(readHeader(event, 'origin'), origins);
    if (origin !== 'allowed') return origin;
    const askedAt = clock.now();
    const handshake = await readHandshake(readTokens(event, options.tokenFrom), readHeader(event, 'user-agent'));
    if (isRefusal(handshake)) return handshake;
    const session = await findSession(handshake);
    if (isRefusal(session)) return session;
    if (hasEnded(session, clock.now())) return refuse('expired-session');

    const held = await credentials();
    const { question, ticket } = handshake;
    const sessionHash = hashSessionId(held, session.sessionId);
    const answered = { ...question, sessionId: session.sessionId };
    const sessionSeal = asksAgain ? sealAtRest(answered, sessionHash, held, randomBytes(ivLength)) : undefined;
    const authorizedAt = authorizationTime(ticket, askedAt);
    const context = writeContext(session, { sessionHash, authorizedAt, jti: ticket?.jti, sessionSeal });
    const result = allow(event.methodArn, context);
    if (fitsGateway(result)) return result;
    const withoutSeal = allow(event.methodArn, { ...context, sessionSeal: undefined });
    return refuse(fitsGateway(withoutSeal) ? 'oversized-seal' : 'oversized-identity');
  }

  async function findSession({ question, ticket }: Handshake): Promise<Session | Refusal> {
    if (options.sessionCheck === 'trust-ticket' && ticket !== undefined) return sessionOf(ticket);
    return sessions.find(question);
  }

  /**
   * A logout between the ticket and this handshake must still count. So must one right now, if PHP's clock is ahead.
   */
  function authorizationTime(ticket: Ticket | undefined, askedAt: number): number {
    if (ticket === undefined) return askedAt;
    // A trusted ticket replaces PHP's answer, and the clock that dated it may be ahead.
    const ahead = options.sessionCheck === 'always' ? 0 : clockTolerance;
    return Math.min((ticket.issuedAt - ahead) * 1000, askedAt);
  }

  function reportRefusal(event: ConnectAuthorizerEvent, { refused, sentence }: Refusal): void {
    const count = { HandshakeRefused: 1 };
    if (!alwaysLogged.has(refused) && !refusals.isWritten(refused)) {
      log('info', undefined, { reason: refused }, count);
      return;
    }
    // A developer needs the origin to correct `allowedOrigins`. It is truncated, because the client chose it.
    const origin = refused === 'foreign-origin' ? readHeader(event, 'origin') : undefined;
    const { connectionId } = event.requestContext;
    const fields = { connectionId, reason: refused, sentence, origin: origin?.slice(0, 200) };
    log('info', 'handshake refused', fields, count);
  }

  function reportFailure({ requestContext }: ConnectAuthorizerEvent, error: unknown): void {
    const { outcome, reason } =
      error instanceof SessionCheckFailed ? error : { outcome: 'unavailable', reason: 'an unexpected fault' };
    const count = outcome === 'misconfigured' ? { HandshakeMisconfigured: 1 } : { HandshakeUnavailable: 1 };
    log('error', `session check ${outcome}`, { connectionId: requestContext.connectionId, reason }, count);
  }
}
