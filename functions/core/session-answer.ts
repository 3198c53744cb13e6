import { parseJson } from './fields.ts';
import { parseIdentity } from './identity.ts';
import { type Refusal, refuse } from './refusal.ts';
import { isSameSessionId, type Session, type SessionMode } from './session.ts';
import { SessionCheckFailed } from './session-lookup.ts';

/** What came back over HTTP. `body` is `undefined` where it was not read (mode `status`, or a status other than 200). */
export interface SessionAnswer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly body: string | undefined;
}

const saysNo = new Set([401, 403, 302, 303, 307]);
const jsonType = /^application\/([\w.-]+\+)?json\b/i;

/**
 * What PHP's answer means for the one who brought a session id: the outcome table of the handshake.
 * @param asked the session id that PHP must answer; undefined where only PHP knows it
 * @throws SessionCheckFailed when the answer is none, or says that PHP does not trust us
 */
export function judgeAnswer(mode: SessionMode, asked: string | undefined, answer: SessionAnswer): Session | Refusal {
  // A login redirect is how many applications say "nobody"; 301 and 308 say that the configured URL is wrong.
  if (saysNo.has(answer.status)) return refuse('not-logged-in');
  if (answer.status === 421) {
    throw new SessionCheckFailed(
      'misconfigured',
      'PHP answered 421, so PHP and the gateway do not hold the same secret or a clock is more than 300 s off',
    );
  }
  if (answer.status !== 200) throw new SessionCheckFailed('unavailable', `it answered ${answer.status}`);
  if (mode === 'status' && asked !== undefined) return { sessionId: asked };

  const session = parseSession(readBody(answer));
  if (session === 'nobody') return refuse('not-logged-in');
  if (asked === undefined) return session.sessionId === '' ? refuse('not-logged-in') : session;
  if (!isSameSessionId(session.sessionId, asked)) return refuse('other-session');
  return session;
}

function readBody({ contentType, body }: SessionAnswer): unknown {
  if (!jsonType.test(contentType ?? '')) {
    throw new SessionCheckFailed('unavailable', 'it answered 200 without the content type application/json');
  }
  try {
    return parseJson(body ?? '');
  } catch {
    throw new SessionCheckFailed('unavailable', 'it answered 200 with a body that is not JSON');
  }
}

/** The session id as a string, or an object that also says who the user is. Anything else is nobody's session. */
function parseSession(value: unknown): Session | 'nobody' {
  if (typeof value === 'string') return { sessionId: value };
  if (typeof value !== 'object' || value === null || !('sessionId' in value)) return 'nobody';
  if (typeof value.sessionId !== 'string') return 'nobody';
  const identity = parseIdentity(value);
  if (typeof identity === 'string') throw new SessionCheckFailed('unavailable', `it answered with ${identity}`);
  return { sessionId: value.sessionId, ...identity };
}
