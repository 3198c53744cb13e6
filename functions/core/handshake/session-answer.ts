import { fieldsOf, parseJson } from '../json.ts';
import { type Refusal, refuse } from '../refusal.ts';
import type { SessionMode } from './handshake-options.ts';
import { parseIdentity } from './identity.ts';
import { isSameSessionId, type Session, SessionCheckFailed } from './session.ts';

/** PHP's HTTP answer. Header names are in lower case, as in Node. `body` is undefined when it was not read. */
export interface SessionAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string | undefined;
}

/** The facts about the question that decide what an answer means. */
export interface ExpectedAnswer {
  readonly mode: SessionMode;
  readonly endpoint: URL;
  /** The session id that PHP must answer; undefined when only PHP knows it. */
  readonly sessionId?: string | undefined;
  /** Mode `ticket`: whether our PHP file wrote this header `X-Session-Socket-Answer` for this very request. */
  readonly isSignedNo: (header: string) => boolean;
}

/** With this header, our PHP file signs that it answered no. */
export const answerHeader = 'x-session-socket-answer';

/** Statuses of a route without our PHP file that say that nobody is logged in. */
const mayBeNo = new Set([401, 403, 302, 303, 307]);
const jsonType = /^application\/([\w.-]+\+)?json\b/i;

/**
 * Headers which say that a firewall answered, and not the app:
 * https://developers.cloudflare.com/cloudflare-challenges/challenge-types/challenge-pages/detect-response/,
 * https://docs.aws.amazon.com/waf/latest/developerguide/waf-captcha-and-challenge-how-it-works.html,
 * https://vercel.com/docs/headers/response-headers.
 */
const challengeHeaders = ['cf-mitigated', 'x-amzn-waf-action', 'x-vercel-mitigated'];

/**
 * The outcome table of a session check, for the authorizer, the re-check and the doctor: what an answer of PHP means
 * for the session.
 * @throws SessionCheckFailed when the answer says nothing about the session, or says that PHP does not trust the
 * gateway
 */
export function judgeAnswer(expected: ExpectedAnswer, answer: SessionAnswer): Session | Refusal {
  const { mode, sessionId } = expected;
  if (mayBeNo.has(answer.status)) {
    const doubt = mode === 'ticket' ? doubtSigned(expected, answer) : findForeigner(expected.endpoint, answer);
    if (doubt === undefined) return refuse('not-logged-in');
    throw new SessionCheckFailed('unavailable', `it answered ${answer.status} ${doubt}`, { inFront: true });
  }
  if (answer.status === 421) {
    throw new SessionCheckFailed(
      'misconfigured',
      'it answered 421: PHP and the gateway do not hold the same secret or a clock is more than 300 s off',
    );
  }
  const challenge = findChallenge(answer);
  if (answer.status !== 200 || challenge !== undefined) {
    const reason = ['it answered', answer.status, challenge].join(' ').trim();
    throw new SessionCheckFailed('unavailable', reason, { inFront: challenge !== undefined });
  }
  if (mode === 'status' && sessionId !== undefined) return { sessionId };

  const session = parseSession(readBody(answer), mode);
  if (session === undefined) return refuse('not-logged-in');
  if (sessionId === undefined) return session.sessionId === '' ? refuse('not-logged-in') : session;
  if (!isSameSessionId(session.sessionId, sessionId)) return refuse('other-session');
  return session;
}

/** Why our PHP file did not give this no; undefined when it did. */
function doubtSigned({ endpoint, isSignedNo }: ExpectedAnswer, answer: SessionAnswer): string | undefined {
  if (answer.status === 403 && isSignedNo(headerOf(answer, answerHeader) ?? '')) return undefined;
  const evidence = findForeigner(endpoint, answer);
  if (evidence !== undefined) return evidence;
  const outdated = answer.status === 403 ? ', or session-socket.php is outdated' : '';
  return `without PHP's signature: PHP did not give it${outdated}`;
}

/** The sign that something in front of PHP answered, or undefined. HTML is no sign: a hand-written no may be a page. */
function findForeigner(endpoint: URL, answer: SessionAnswer): string | undefined {
  const challenge = findChallenge(answer);
  if (challenge !== undefined) return challenge;
  // A staging server asks for its password with this header. An app does not ask for a session with it.
  if (headerOf(answer, 'www-authenticate') !== undefined) return 'with WWW-Authenticate';
  return answer.status < 400 ? findDetour(endpoint, headerOf(answer, 'location') ?? '') : undefined;
}

/** A login page is on the same host at another path. */
function findDetour(endpoint: URL, location: string): string | undefined {
  const target = URL.canParse(location, endpoint.href) ? new URL(location, endpoint) : undefined;
  if (target?.hostname !== endpoint.hostname) return 'and leads to another host';
  const pathOf = ({ pathname }: URL) => pathname.replace(/\/+$/, '');
  return location !== '' && pathOf(target) === pathOf(endpoint) ? 'and leads to the same path' : undefined;
}

function findChallenge({ headers }: SessionAnswer): string | undefined {
  const header = challengeHeaders.find((name) => headers[name] !== undefined);
  return header && `with the header ${header}`;
}

function headerOf({ headers }: SessionAnswer, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'object' ? value.join(', ') : value;
}

/** @param what the text after "it answered 200" */
function useless(what: string, origin?: { readonly inFront: boolean }): SessionCheckFailed {
  return new SessionCheckFailed('unavailable', `it answered 200 ${what}`, origin);
}

const byteOrderMark = '\uFEFF';

function readBody(answer: SessionAnswer): unknown {
  if (!jsonType.test(headerOf(answer, 'content-type') ?? '')) {
    throw useless('without the content type application/json');
  }
  const { body = '' } = answer;
  try {
    // A PHP file that was saved with a byte order mark sends it first.
    return parseJson(body.startsWith(byteOrderMark) ? body.slice(1) : body);
  } catch {
    throw useless('with a body that is not JSON');
  }
}

/** Reads a session id as a string, or an object that also names the user. Undefined when it names nobody. */
function parseSession(value: unknown, mode: SessionMode): Session | undefined {
  const doubt = mode === 'ticket' ? doubtIn(value) : undefined;
  if (doubt !== undefined) throw useless(`with ${doubt}`, { inFront: true });
  if (typeof value === 'string') return { sessionId: value };
  const { sessionId } = fieldsOf(value);
  if (typeof sessionId !== 'string') return undefined;
  const identity = parseIdentity(fieldsOf(value));
  if ('fault' in identity) throw useless(`with ${identity.fault}`);
  return { sessionId, ...identity };
}

/**
 * Finds an answer that our PHP file never gives to the gateway. JSON without a session may be the no of a hand-written
 * route.
 */
function doubtIn(value: unknown): string | undefined {
  // If something in front of PHP drops the header, PHP treats the gateway as a browser.
  if (typeof value === 'string') return value.startsWith('t1.') ? 'a ticket: it got no X-Session-Socket' : undefined;
  return value === null || typeof fieldsOf(value)['sessionId'] === 'string' ? undefined : 'JSON that names no session';
}
