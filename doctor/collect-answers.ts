import { randomBytes } from 'node:crypto';
import type { SessionMode } from '../functions/core/handshake/handshake-options.ts';
import { type Ask, type GatewayRequest, isSignedRejection, predictRequest, signedHeaders } from './ask.ts';
import { type Answered, clockSkewSeconds, isReply, type Reply, readReply } from './reply.ts';
import { isSafe, type Target } from './target.ts';

/** All answers of the app. The checks only read them. */
export interface Answers {
  readonly target: Target;
  /** The mode from --mode, or guessed from the answers; undefined if they fit several. */
  readonly mode: SessionMode | undefined;
  /** The cookies that the gateway would send. */
  readonly sent: GatewayRequest | undefined;
  /** The answer to only these cookies. Asked if --cookie holds more and no key is given. */
  readonly alone: Answered | undefined;
  /** Requests without a cookie, one after the other. */
  readonly strangers: readonly [Reply, ...Answered[]];
  /** Requests with an invented session id, one after the other. */
  readonly invented: { readonly id: string; readonly answers: readonly Answered[] };
  /** A request as from a page of another site, with the cookie if there is one. */
  readonly crossSite: Answered;
  /** Requests as from the app's own page, with the cookie, one after the other. */
  readonly session: readonly Answered[] | undefined;
  readonly signed: SignedAnswers | undefined;
  readonly slow: SlowAnswers | undefined;
}

/** Requests as from the gateway, with the cookies that it would send. */
export interface SignedAnswers {
  readonly right: Answered;
  /** For an invented session; `isSignedRejection` tells whether PHP signed the rejection. */
  readonly nobody: Answered;
  readonly isSignedRejection: boolean;
  /** With another secret. */
  readonly wrong: Answered;
  /** With a signature that is an hour old. */
  readonly old: Answered;
  /** Signed with the time of the app's Date header, if that differs much from ours. */
  readonly byTheirClock: Answered | undefined;
}

export type SlowAnswers =
  /** The slow page ended before the other requests. */
  | { readonly tooQuick: Answered }
  /** While the page runs: a request without a session, then one of the same user. */
  | { readonly stranger: Answered; readonly question: Answered };

/** The first request got no answer, so no others were sent. */
export interface UnreachableTarget {
  readonly target: Target;
  readonly failure: string;
}

const repetitions = 5;
const enoughMs = 2000;
const headStartMs = 300;
const hourSeconds = 3600;
const otherOrigin = 'https://elsewhere.example';
const asGateway = {
  accept: 'application/json',
  'user-agent': 'session-socket doctor',
  // Without this header CodeIgniter would rotate the session id on our request.
  'x-requested-with': 'XMLHttpRequest',
};
const asOwnPage = { ...asGateway, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' };
const asOtherSite = { ...asGateway, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors', origin: otherOrigin };

/** Sends requests at the same time where possible. Timed requests run alone. */
export async function collectAnswers(target: Target, askBare: Ask): Promise<Answers | UnreachableTarget> {
  const { url, cookieName } = target;
  const ask = target.authorization === undefined || !isSafe(url) ? askBare : authorize(askBare, target.authorization);
  const cookie = isSafe(url) && target.cookie !== undefined ? { cookie: target.cookie } : undefined;
  const [first, ...more] = await askRepeatedly(() => ask({ url, headers: asGateway }), repetitions);
  if (first === undefined || !isReply(first)) return { target, failure: first?.failure ?? 'nothing' };

  const id = randomBytes(16).toString('hex');
  const headers = { ...asGateway, cookie: `${cookieName}=${id}` };
  const [answers, session] = await Promise.all([
    askInTurn(2, () => ask({ url, headers })),
    cookie && askInTurn(3, () => ask({ url, headers: { ...asOwnPage, ...cookie } })),
  ]);
  const mode = target.mode ?? guessMode(target, first, session?.[0]);
  const sent = cookie && predictRequest({ ...target, mode }, session?.[0]);
  // These run last, because a request that changes the session would spoil the earlier ones.
  const sendsFewerCookies = sent !== undefined && sent.cookieHeader !== target.cookie && target.keys === undefined;
  const [crossSite, signed, alone] = await Promise.all([
    ask({ url, headers: { ...asOtherSite, ...cookie } }),
    isSafe(url) ? askSigned(target, first, sent, headers.cookie, ask) : undefined,
    sendsFewerCookies ? ask({ url, headers: { ...asOwnPage, cookie: sent.cookieHeader } }) : undefined,
  ]);
  const slow = cookie && target.slowUrl && (await askWhileSlow(url, target.slowUrl, cookie, ask));
  const strangers = [first, ...more] as const;
  return { target, mode, sent, alone, strangers, invented: { id, answers }, crossSite, session, signed, slow };
}

const authorize =
  (ask: Ask, authorization: string): Ask =>
  ({ url, headers }) =>
    ask({ url, headers: { ...headers, authorization } });

/** An HTML page for logged-in users fits only mode `status`. */
function guessMode({ keys }: Target, stranger: Reply, page: Answered | undefined): SessionMode | undefined {
  if (keys !== undefined) return 'ticket';
  const isPage = page !== undefined && isReply(page) && readReply(page).kind === 'html';
  return isPage && stranger.status !== 200 ? 'status' : undefined;
}

/** Repeats a request, but stops early if the app is slow. */
async function askRepeatedly(ask: () => Promise<Answered>, times: number): Promise<readonly Answered[]> {
  const answers: Answered[] = [];
  for (let spentMs = 0; answers.length < times && spentMs < enoughMs; ) {
    const answered = await ask();
    answers.push(answered);
    spentMs += answered.ms;
    if (!isReply(answered)) break;
  }
  return answers;
}

async function askInTurn(times: number, ask: () => Promise<Answered>): Promise<readonly Answered[]> {
  const answers: Answered[] = [];
  while (answers.length < times) answers.push(await ask());
  return answers;
}

async function askSigned(
  { url, keys }: Target,
  first: Reply,
  sent: GatewayRequest | undefined,
  inventedCookie: string,
  ask: Ask,
): Promise<SignedAnswers | undefined> {
  if (keys === undefined) return undefined;
  const now = Math.floor(Date.now() / 1000);
  const headersAt = (time: number, secret: string, cookies: Partial<GatewayRequest> = sent ?? {}) => ({
    ...asGateway,
    ...signedHeaders({ key: keys.key, secret }, url, time, cookies),
  });
  const askAt = (time: number, secret: string) => ask({ url, headers: headersAt(time, secret) });
  const skew = clockSkewSeconds(first) ?? 0;
  const asNobody = headersAt(now, keys.secret, { cookieHeader: inventedCookie });
  const [right, nobody, wrong, old, byTheirClock] = await Promise.all([
    askAt(now, keys.secret),
    ask({ url, headers: asNobody }),
    askAt(now, `not ${keys.secret}`),
    askAt(now - hourSeconds, keys.secret),
    Math.abs(skew) > 60 ? askAt(now + skew, keys.secret) : undefined,
  ]);
  const isOwn = isReply(nobody) && isSignedRejection(keys, asNobody['x-session-socket'], nobody);
  return { right, nobody, isSignedRejection: isOwn, wrong, old, byTheirClock };
}

async function askWhileSlow(url: URL, slowUrl: URL, cookie: { readonly cookie: string }, ask: Ask) {
  let page: Answered | undefined;
  const visit = ask({ url: slowUrl, headers: { 'user-agent': asGateway['user-agent'], ...cookie } }).then(
    (answered) => {
      page = answered;
    },
  );
  // The slow page must already run. The doctor cannot see when the page opens its session, so it waits a moment.
  let timer: NodeJS.Timeout | undefined;
  const headStart = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, headStartMs);
  });
  await Promise.race([visit, headStart]);
  clearTimeout(timer);
  if (page !== undefined) return { tooQuick: page };
  // One after the other: a worker of php -S may accept both connections and then block both on the lock.
  const stranger = await ask({ url, headers: asGateway });
  const question = await ask({ url, headers: { ...asOwnPage, ...cookie } });
  return { stranger, question };
}
