import { createHmac } from 'node:crypto';
import { everyUser, type GuardState, hashLength, type LastAnswers, type Silence } from './guard-memory.ts';

/**
 * The outcome of one check. `unanswered`: PHP gave no answer, and a user can cause that. `failed`: something else
 * answered, or prevented the answer. `none`: PHP was not asked.
 */
export type CheckOutcome = 'known' | 'lost' | 'unanswered' | 'failed' | 'none';

/**
 * A session that is due and its user, both hashed by `hashFor`. If PHP names no user, the user is the session itself.
 */
export interface Check {
  readonly user: string;
  readonly session: string;
  readonly outcome: CheckOutcome;
}

export interface Run {
  /** Since 1970. */
  readonly minute: number;
  /** Minutes of one check interval, in which every session is checked once. */
  readonly window: number;
  /** All due sessions. */
  readonly checks: readonly Check[];
}

export interface Judgement {
  /** The state to write before any socket is closed. */
  readonly state: GuardState;
  /** The guard holds: `lost` of `users` are logged out, and their sockets stay open. */
  readonly held: { readonly lost: number; readonly users: number } | undefined;
  /** Too few answers to decide, and most say no: no socket is closed until there are more. */
  readonly doubtful: boolean;
  /** Several runs got no answer at all, for several users. */
  readonly isPhpSilent: boolean;
  /** Sessions without an answer, while PHP answers for nearly all other users. */
  readonly unanswered: ReadonlySet<string>;
}

type Users = ReadonlyMap<string, LastAnswers>;

/** With fewer users, any number of them may log out by chance, and the guard does not hold. */
const minUsers = 20;
/** With at least `minUsers` users, this number of answers with mostly no makes the guard wait for more. */
const minAnswers = 5;
const shareOfNearlyAll = 0.9;
/** By then, a long request that holds its session's lock is nearly always over. */
const minUnansweredChecks = 5;
/** By then, a restart of PHP is over. */
const minRunsWithoutAnswer = 3;
/** The maximum number of stored users and sessions: some 25 KB, of the 400 KB of a row. */
const [sampleSize, silencesSize] = [2000, 1000];

export function hashFor(salt: Uint8Array, text: string): string {
  return createHmac('sha256', salt).update(text).digest('hex').slice(0, hashLength);
}

export const silenceKey = ({ user, session }: Omit<Check, 'outcome'>) => user + session;
const userOf = (silence: string) => silence.slice(0, hashLength);

/** Judges the answers of this run, together with those of earlier runs within the interval. */
export function judgeRun(before: GuardState, run: Run): Judgement {
  const { users, limit } = sample(rememberUsers(before, run), before.limit);
  const silences = rememberSilences(before, run);
  const hold =
    before.heldSince === undefined
      ? findMassLoss(users, run)
      : continueHold(users, before.heldSince, run, (user) => user <= limit);

  const hasEnded = hold === undefined && before.heldSince !== undefined;
  const doubtSince = hold === undefined && !hasEnded ? findDoubt(users, before.doubtSince, run) : undefined;

  const remembered = { salt: before.salt, users, limit, silences, runsInVain: countRunsInVain(before, run) };
  const state = {
    ...remembered,
    ...(hold === undefined ? {} : { heldSince: hold.since }),
    ...(doubtSince === undefined ? {} : { doubtSince }),
  };
  return {
    // The held sockets are closed now. Counted as losses of this minute, they would make the guard hold again.
    state: hasEnded ? forgetUsers(state) : state,
    held: hold && { lost: hold.lost, users: hold.users },
    doubtful: doubtSince !== undefined,
    isPhpSilent: state.runsInVain >= minRunsWithoutAnswer && new Set([...silences.keys()].map(userOf)).size >= 2,
    unanswered: new Set(
      [...silences].filter(([key, silence]) => isUnanswered(userOf(key), silence, users, run)).map(([key]) => key),
    ),
  };
}

/** Starts the guard anew, without its counts so far. */
export function forgetUsers({ heldSince: _, doubtSince: __, ...state }: GuardState): GuardState {
  return { ...state, users: new Map() };
}

/**
 * Whether more than half of the users are lost, in the last minute, the last two minutes, and so on up to the whole
 * interval.
 */
function findMassLoss(users: Users, { minute, window }: Run) {
  for (let since = minute; since > minute - window; since -= 1) {
    const { known, lost } = countSince(users, since);
    if (known + lost >= minUsers && lost > (known + lost) / 2) return { since, lost, users: known + lost };
  }
  return undefined;
}

/**
 * An outage begins with the few users of its first minute. Their sockets stay open, and the next run asks PHP about
 * them again. This ends when there are enough losses for the guard to hold, or PHP knows as many users.
 */
function findDoubt(users: Users, doubtSince: number | undefined, { minute, window }: Run): number | undefined {
  const hasEnoughUsers = countSince(users, minute - window + 1).allUsers.size >= minUsers;
  const since = Math.max(doubtSince ?? minute, minute - window + 1);
  const { known, lost } = countSince(users, since);
  return hasEnoughUsers && known + lost >= minAnswers && lost > known ? since : undefined;
}

/**
 * Only answers end a hold: PHP knows half of all users again, by any of their sessions, or fewer than `minUsers` are
 * left. A PHP that stops answering meanwhile has not said that the users are really logged out.
 */
function continueHold(
  users: Users,
  heldSince: number,
  { minute, window, checks }: Run,
  isSampled: (user: string) => boolean,
) {
  const since = Math.max(heldSince, minute - window + 1);
  const { known, lost, allUsers } = countSince(users, since);
  for (const { user } of checks) if (isSampled(user)) allUsers.add(user);
  if (allUsers.size < minUsers || known >= allUsers.size / 2) return undefined;
  return { since: heldSince, lost, users: allUsers.size };
}

/** Counts each user once. A user is known if PHP knows any of their sessions. */
function countSince(users: Users, since: number) {
  const counts = { known: 0, lost: 0, allUsers: new Set<string>() };
  for (const [user, { known = 0, lost = 0, unanswered = 0 }] of users) {
    if (Math.max(known, lost, unanswered) < since) continue;
    counts.allUsers.add(user);
    if (known >= since) counts.known += 1;
    else if (lost >= since) counts.lost += 1;
  }
  return counts;
}

/** Whether PHP knows nearly all other users since this user's session gets no answer. */
function isUnanswered(own: string, { since, checks }: Silence, users: Users, { minute, window }: Run): boolean {
  if (checks < minUnansweredChecks) return false;
  const from = Math.max(since, minute - window + 1);
  let [asked, knownOnly] = [0, 0];
  for (const [user, { known = 0, lost = 0, unanswered = 0 }] of users) {
    if (user === own || Math.max(known, lost, unanswered) < from) continue;
    asked += 1;
    if (Math.max(lost, unanswered) < from) knownOnly += 1;
  }
  return asked >= minUsers && knownOnly >= asked * shareOfNearlyAll;
}

function rememberUsers({ users, limit, doubtSince = Infinity }: GuardState, run: Run): Map<string, LastAnswers> {
  const { minute, window, checks } = run;
  const isFresh = ([, at]: [string, number]) => at > minute - window;
  const remembered = new Map<string, LastAnswers>();
  for (const [user, answers] of users) {
    const fresh = Object.entries(answers).filter(isFresh);
    if (fresh.length > 0) remembered.set(user, Object.fromEntries(fresh));
  }
  for (const { user, outcome } of checks) {
    if (outcome === 'none' || user > limit) continue;
    const last = remembered.get(user);
    // PHP is asked each minute about doubtful losses, and once about other users. Counted each minute, these losses
    // would outweigh the others.
    const isDoubtfulLoss = outcome === 'lost' && (last?.lost ?? 0) >= doubtSince;
    if (!isDoubtfulLoss) remembered.set(user, { ...last, [outcome === 'failed' ? 'unanswered' : outcome]: minute });
  }
  return remembered;
}

/** Keeps the users with the lowest hashes, whatever PHP answers about them, so that the sample represents all users. */
function sample(users: Map<string, LastAnswers>, limit: string): { users: Users; limit: string } {
  if (users.size < sampleSize / 2) return { users, limit: everyUser };
  if (users.size <= sampleSize) return { users, limit };
  const lowest = [...users.keys()].sort()[sampleSize - 1] ?? everyUser;
  return { users: new Map([...users].filter(([user]) => user <= lowest)), limit: lowest };
}

/** A session without an answer is due every minute. A session that is not due has its answer, or has left. */
function rememberSilences({ silences }: GuardState, { minute, checks }: Run): GuardState['silences'] {
  const remembered = checks.flatMap((check): [string, Silence][] => {
    const key = silenceKey(check);
    const before = silences.get(key);
    if (check.outcome === 'known' || check.outcome === 'lost') return [];
    if (check.outcome === 'none') return before === undefined ? [] : [[key, before]];
    const { since, checks: counted } = before ?? { since: minute, checks: 0 };
    return [[key, { since, checks: counted + (check.outcome === 'unanswered' ? 1 : 0) }]];
  });
  const mostSilentFirst = remembered.sort(([, a], [, b]) => b.checks - a.checks);
  return new Map(mostSilentFirst.slice(0, silencesSize));
}

function countRunsInVain(before: GuardState, { checks }: Run): number {
  const has = (...outcomes: CheckOutcome[]) => checks.some(({ outcome }) => outcomes.includes(outcome));
  if (has('known', 'lost')) return 0;
  return before.runsInVain + (has('unanswered', 'failed') ? 1 : 0);
}
