import { createHmac } from 'node:crypto';
import { everyUser, type GuardState, hashLength, type LastAnswers, type Silence } from './guard-memory.ts';

/**
 * What became of one check. `unanswered`: PHP gave no answer, which a user can bring about. `failed`: something else gave or
 * prevented the answer. `none`: it was not asked.
 */
export type CheckOutcome = 'known' | 'lost' | 'unanswered' | 'failed' | 'none';

/** A session that is due, and its user (or the session itself, where PHP names no user), both as `hashFor` writes them. */
export interface Check {
  readonly user: string;
  readonly session: string;
  readonly outcome: CheckOutcome;
}

export interface Run {
  /** Since 1970. */
  readonly minute: number;
  /** Minutes of one check interval: in so many, every session has its turn. */
  readonly window: number;
  /** All sessions that are due. */
  readonly checks: readonly Check[];
}

export interface Judgement {
  /** The state to write, before anything is closed. */
  readonly state: GuardState;
  /** So many users are logged out, of so many: nothing is closed for that. */
  readonly held: { readonly lost: number; readonly users: number } | undefined;
  /** Too few answers to tell, and most of them are bad: nothing is closed until there are more. */
  readonly doubtful: boolean;
  /** Several users, several runs, and no answer at all. */
  readonly unheard: boolean;
  /** Sessions that keep PHP from answering while it answers nearly everybody else. */
  readonly mute: ReadonlySet<string>;
}

type Users = ReadonlyMap<string, LastAnswers>;

/** Of fewer users than this, any number may end by themselves. */
const crowd = 20;
/** Where there is a crowd, so many answers of which most are no are a reason to wait for more. */
const fewest = 5;
const nearlyAll = 0.9;
/** A long request that holds its session's lock is over by then, nearly always. */
const checksInVain = 5;
/** A restart of PHP is over by then. */
const runsInVain = 3;
/** Users and sessions that are remembered at most: some 25 KB, of the 400 KB of a row. */
const [sampleSize, silencesSize] = [2000, 1000];

export function hashFor(salt: Uint8Array, text: string): string {
  return createHmac('sha256', salt).update(text).digest('hex').slice(0, hashLength);
}

export const silenceOf = ({ user, session }: Omit<Check, 'outcome'>) => user + session;
const userOf = (silence: string) => silence.slice(0, hashLength);

/** Says what the answers of one run, and of those before it within the interval, are worth. */
export function judgeRun(before: GuardState, run: Run): Judgement {
  const { users, limit } = sample(rememberUsers(before, run), before.limit);
  const silences = rememberSilences(before, run);
  const hold =
    before.heldSince === undefined
      ? findMassLoss(users, run)
      : holdOn(users, before.heldSince, run, (user) => user <= limit);

  const hasEnded = hold === undefined && before.heldSince !== undefined;
  const doubtSince = hold === undefined && !hasEnded ? findDoubt(users, before.doubtSince, run) : undefined;

  const remembered = { salt: before.salt, users, limit, silences, runsInVain: countRunsInVain(before, run) };
  const state = {
    ...remembered,
    ...(hold === undefined ? {} : { heldSince: hold.since }),
    ...(doubtSince === undefined ? {} : { doubtSince }),
  };
  return {
    // Sockets that were held are closed now. As losses of this minute they would make the guard hold again.
    state: hasEnded ? forgetUsers(state) : state,
    held: hold && { lost: hold.lost, users: hold.users },
    doubtful: doubtSince !== undefined,
    unheard: state.runsInVain >= runsInVain && new Set([...silences.keys()].map(userOf)).size >= 2,
    mute: new Set(
      [...silences].filter(([key, silence]) => isMute(userOf(key), silence, users, run)).map(([key]) => key),
    ),
  };
}

/** The guard begins anew: what it has counted so far is settled. */
export function forgetUsers({ heldSince: _, doubtSince: __, ...state }: GuardState): GuardState {
  return { ...state, users: new Map() };
}

/** Whether more than half are lost, in the last minute, the last two, and so on to the whole interval: any will do. */
function findMassLoss(users: Users, { minute, window }: Run) {
  for (let since = minute; since > minute - window; since -= 1) {
    const { known, lost } = countSince(users, since);
    if (known + lost >= crowd && lost > (known + lost) / 2) return { since, lost, users: known + lost };
  }
  return undefined;
}

/**
 * An outage begins with the few users of its first minute. They wait, and are asked again with those of the next, until there
 * are enough for the guard to hold or as many others got a yes.
 */
function findDoubt(users: Users, doubtSince: number | undefined, { minute, window }: Run): number | undefined {
  const isCrowd = countSince(users, minute - window + 1).everybody.size >= crowd;
  const since = Math.max(doubtSince ?? minute, minute - window + 1);
  const { known, lost } = countSince(users, since);
  return isCrowd && known + lost >= fewest && lost > known ? since : undefined;
}

/**
 * Once it holds, nothing but answers ends it: half of all users have got a yes since, whichever session of theirs, or fewer than
 * a crowd are left. A PHP that falls silent meanwhile has not said that the users are really gone.
 */
function holdOn(
  users: Users,
  heldSince: number,
  { minute, window, checks }: Run,
  isSampled: (user: string) => boolean,
) {
  const since = Math.max(heldSince, minute - window + 1);
  const { known, lost, everybody } = countSince(users, since);
  for (const { user } of checks) if (isSampled(user)) everybody.add(user);
  if (everybody.size < crowd || known >= everybody.size / 2) return undefined;
  return { since: heldSince, lost, users: everybody.size };
}

/** A user counts once, and as known if PHP knows any session of theirs. */
function countSince(users: Users, since: number) {
  const counts = { known: 0, lost: 0, everybody: new Set<string>() };
  for (const [user, { known = 0, lost = 0, unanswered = 0 }] of users) {
    if (Math.max(known, lost, unanswered) < since) continue;
    counts.everybody.add(user);
    if (known >= since) counts.known += 1;
    else if (lost >= since) counts.lost += 1;
  }
  return counts;
}

/** Whether nearly all others got a yes and nothing else since this user's session gets no answer. */
function isMute(own: string, { since, checks }: Silence, users: Users, { minute, window }: Run): boolean {
  if (checks < checksInVain) return false;
  const from = Math.max(since, minute - window + 1);
  let [asked, well] = [0, 0];
  for (const [user, { known = 0, lost = 0, unanswered = 0 }] of users) {
    if (user === own || Math.max(known, lost, unanswered) < from) continue;
    asked += 1;
    if (Math.max(lost, unanswered) < from) well += 1;
  }
  return asked >= crowd && well >= asked * nearlyAll;
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
    // Those who wait are asked each minute, the others once: as losses of the last minute they would outweigh these.
    const waits = outcome === 'lost' && (last?.lost ?? 0) >= doubtSince;
    if (!waits) remembered.set(user, { ...last, [outcome === 'failed' ? 'unanswered' : outcome]: minute });
  }
  return remembered;
}

/** Keeps the users with the lowest hashes, whatever PHP says of them, so that the sample is as good as all. */
function sample(users: Map<string, LastAnswers>, limit: string): { users: Users; limit: string } {
  if (users.size < sampleSize / 2) return { users, limit: everyUser };
  if (users.size <= sampleSize) return { users, limit };
  const lowest = [...users.keys()].sort()[sampleSize - 1] ?? everyUser;
  return { users: new Map([...users].filter(([user]) => user <= lowest)), limit: lowest };
}

/** A session without an answer is due every minute, so one that is not due has got an answer or has left. */
function rememberSilences({ silences }: GuardState, { minute, checks }: Run): GuardState['silences'] {
  const remembered = checks.flatMap((check): [string, Silence][] => {
    const key = silenceOf(check);
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
