import type { APIGatewayAuthorizerResult } from 'aws-lambda';
import { type Credentials, hashSessionId } from './core/credentials.ts';
import { checkOrigin, type OriginPolicy } from './core/origin.ts';
import { isRefusal, type Refusal } from './core/refusal.ts';
import { parseSessionToken, principalOf } from './core/session.ts';
import { SessionCheckFailed, type SessionLookup } from './core/session-lookup.ts';
import { systemClock } from './edge/clock.ts';
import { readAuthorizerSettings, readAwsSettings } from './edge/environment.ts';
import {
  type AuthorizerContext,
  allow,
  type ConnectAuthorizerEvent,
  deny,
  readHeader,
  readTokens,
} from './edge/gateway.ts';
import { createSessionLookup } from './edge/php.ts';
import { createCredentialsSource } from './edge/secret.ts';
import { createTell, type Tell } from './edge/telemetry.ts';

interface Dependencies {
  readonly origins: OriginPolicy;
  readonly sessions: SessionLookup;
  readonly credentials: () => Promise<Credentials>;
  readonly tell: Tell;
}

/**
 * Decides who may open a socket. Accepted: an Allow for exactly this handshake. Refused: a Deny, which the browser sees
 * as 403. Everything else throws, which it sees as 500, so that Lambda's error metric counts faults and nothing else.
 */
export function createAuthorizer({ origins, sessions, credentials, tell }: Dependencies) {
  return async (event: ConnectAuthorizerEvent): Promise<APIGatewayAuthorizerResult> => {
    const outcome = await whoAsks(event).catch((error: unknown) => {
      reportFailure(event, error);
      throw error;
    });
    if (isRefusal(outcome)) {
      reportRefusal(event, outcome);
      return deny(event.methodArn);
    }
    return allow(event.methodArn, outcome);
  };

  async function whoAsks(event: ConnectAuthorizerEvent): Promise<AuthorizerContext | Refusal> {
    const origin = checkOrigin(readHeader(event, 'origin'), origins);
    if (origin !== 'allowed') return origin;
    const token = parseSessionToken(readTokens(event));
    if (typeof token !== 'string') return token;
    const session = await sessions.whose(token, { userAgent: readHeader(event, 'user-agent') });
    if (isRefusal(session)) return session;
    const sessionHash = hashSessionId(await credentials(), session.sessionId);
    return { principalId: principalOf(session, sessionHash), sessionHash };
  }

  function reportRefusal(event: ConnectAuthorizerEvent, { refused, sentence }: Refusal): void {
    // The one thing a developer needs to mend a list of origins; a stranger chose it, so it is cut.
    const origin = refused === 'foreign-origin' ? readHeader(event, 'origin') : undefined;
    const { connectionId } = event.requestContext;
    const fields = { connectionId, reason: refused, sentence, origin: origin?.slice(0, 200) };
    tell('info', 'handshake refused', fields, { HandshakeRefused: 1 });
  }

  function reportFailure({ requestContext }: ConnectAuthorizerEvent, error: unknown): void {
    const { outcome, reason } =
      error instanceof SessionCheckFailed ? error : { outcome: 'unavailable', reason: 'an unexpected fault' };
    const count = outcome === 'misconfigured' ? { HandshakeMisconfigured: 1 } : { HandshakeUnavailable: 1 };
    tell('error', `session check ${outcome}`, { connectionId: requestContext.connectionId, reason }, count);
  }
}

const settings = readAuthorizerSettings();
const credentials = createCredentialsSource(settings.credentialsSecretArn, readAwsSettings(), systemClock);
const sessions = createSessionLookup(settings, credentials, systemClock);
export const handler = createAuthorizer({ origins: settings, sessions, credentials, tell: createTell() });
