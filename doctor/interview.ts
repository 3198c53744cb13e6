import { randomBytes } from 'node:crypto';
import type { SessionMode } from '../functions/core/handshake/session.ts';
import { type Ask, type GatewayRequest, isOwnNo, predictRequest, signedHeaders } from './ask.ts';
import { type Answered, clockSkewSeconds, isReply, type Reply, readReply } from './reply.ts';
import { isSafe, type Target } from './target.ts';

/** Everything that was answered; the checks only look at it. */
export interface Answers {
  readonly target: Target;
  /** As it was said, or as the answers look; undefined where they fit several. */
  readonly mode: SessionMode | undefined;
  /** The cookies that the gateway would send. */
  readonly sent: GatewayRequest | undefined;
  /** With these cookies and no others, where --cookie holds more and nothing can be signed. */
  readonly alone: Answered | undefined;
  /** Without a cookie, one after the other. */
  readonly strangers: readonly [Reply, ...Answered[]];
  /** With the cookie of a session that never was, one after the other. */
  readonly invented: { readonly id: string; readonly answers: readonly Answered[] };
  /** As from a page of another site, with the cookie where there is one. */
  readonly crossSite: Answered;
  /** As from the app's own page, with the cookie, one after the other. */
  readonly session: readonly Answered[] | undefined;
  readonly signed: SignedAnswers | undefined;
  readonly slow: SlowAnswers | undefined;
}

/** As from the gateway, with the cookies that it would send. */
export interface SignedAnswers {
  readonly right: Answered;
  /** For a session that never was, and whether the answer is PHP's own no. */
  readonly nobody: Answered;
  readonly isOwnNo: boolean;
  /** With another secret. */
  readonly wrong: Answered;
  /** An hour old. */
  readonly old: Answered;
  /** By the clock of the answers' Date, where that is far from ours. */
  readonly byTheirClock: Answered | undefined;
}

export type SlowAnswers =
  /** The page had ended before there was time to ask. */
  | { readonly tooQuick: Answered }
  /** Somebody else's question while the page works, then that of the same person. */
  | { readonly stranger: Answered; readonly question: Answered };

/** Nothing but the first question, because there was no answer. */
export interface Unreached {
  readonly target: Target;
  readonly failure: string;
}

const wantedTimes = 5;
const enoughMs = 2000;
const headStartMs = 300;
const anHour = 3600;
const elsewhere = 'https://elsewhere.example';
const asGateway = {
  accept: 'application/json',
  'user-agent': 'session-socket doctor',
  // Without it CodeIgniter would rotate the id on our own question.
  'x-requested-with': 'XMLHttpRequest',
};
const asOwnPage = { ...asGateway, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' };
const asOtherSite = { ...asGateway, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors', origin: elsewhere };

/** Asks everything that may be asked at once at once; what is measured has the app for itself. */
export async function interview(target: Target, askBare: Ask): Promise<Answers | Unreached> {
  const { url, cookieName } = target;
  const ask = target.authorization === undefined || !isSafe(url) ? askBare : authorize(askBare, target.authorization);
  const cookie = isSafe(url) && target.cookie !== undefined ? { cookie: target.cookie } : undefined;
  const [first, ...more] = await askRepeatedly(() => ask({ url, headers: asGateway }), wantedTimes);
  if (first === undefined || !isReply(first)) return { target, failure: first?.failure ?? 'nothing' };

  const id = randomBytes(16).toString('hex');
  const headers = { ...asGateway, cookie: `${cookieName}=${id}` };
  const [answers, session] = await Promise.all([
    inTurn(2, () => ask({ url, headers })),
    cookie && inTurn(3, () => ask({ url, headers: { ...asOwnPage, ...cookie } })),
  ]);
  const mode = target.mode ?? guessMode(target, first, session?.[0]);
  const sent = cookie && predictRequest({ ...target, mode }, session?.[0]);
  // Later, because a question that does not leave the session alone would spoil the ones before.
  const isLess = sent !== undefined && sent.cookieHeader !== target.cookie && target.keys === undefined;
  const [crossSite, signed, alone] = await Promise.all([
    ask({ url, headers: { ...asOtherSite, ...cookie } }),
    isSafe(url) ? askSigned(target, first, sent, headers.cookie, ask) : undefined,
    isLess ? ask({ url, headers: { ...asOwnPage, cookie: sent.cookieHeader } }) : undefined,
  ]);
  const slow = cookie && target.slowUrl && (await askWhileSlow(url, target.slowUrl, cookie, ask));
  const strangers = [first, ...more] as const;
  return { target, mode, sent, alone, strangers, invented: { id, answers }, crossSite, session, signed, slow };
}

const authorize =
  (ask: Ask, authorization: string): Ask =>
  ({ url, headers }) =>
    ask({ url, headers: { ...headers, authorization } });

/** A page that nobody gets without a login is enough in one mode only. */
function guessMode({ keys }: Target, stranger: Reply, page: Answered | undefined): SessionMode | undefined {
  if (keys !== undefined) return 'ticket';
  const isPage = page !== undefined && isReply(page) && readReply(page).kind === 'html';
  return isPage && stranger.status !== 200 ? 'status' : undefined;
}

/** Five times, or fewer where it takes long: then once is measure enough. */
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

async function inTurn(times: number, ask: () => Promise<Answered>): Promise<readonly Answered[]> {
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
    askAt(now - anHour, keys.secret),
    Math.abs(skew) > 60 ? askAt(now + skew, keys.secret) : undefined,
  ]);
  const isOwn = isReply(nobody) && isOwnNo(keys, asNobody['x-session-socket'], nobody);
  return { right, nobody, isOwnNo: isOwn, wrong, old, byTheirClock };
}

async function askWhileSlow(url: URL, slowUrl: URL, cookie: { readonly cookie: string }, ask: Ask) {
  let page: Answered | undefined;
  const visit = ask({ url: slowUrl, headers: { 'user-agent': asGateway['user-agent'], ...cookie } }).then(
    (answered) => {
      page = answered;
    },
  );
  // The page has to be at work when the question comes; nothing tells from outside when it has opened its session.
  let timer: NodeJS.Timeout | undefined;
  const headStart = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, headStartMs);
  });
  await Promise.race([visit, headStart]);
  clearTimeout(timer);
  if (page !== undefined) return { tooQuick: page };
  // Not both at once: a worker of php -S may take both connections and then wait for the lock with both.
  const stranger = await ask({ url, headers: asGateway });
  const question = await ask({ url, headers: { ...asOwnPage, ...cookie } });
  return { stranger, question };
}
