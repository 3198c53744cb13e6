import { actOnAll } from './act-on-all.ts';
import type { CredentialsSource } from './credentials.ts';
import { type EndReport, type EndWorld, endConnections, sumEndings } from './end-connections.ts';
import type { DueConnection, LiveSessions } from './live-sessions.ts';
import { nextCheck } from './next-check.ts';
import { type LiveGroup, recheck, type Verdict } from './recheck.ts';
import type { RefusalReason } from './refusal.ts';
import { isSameSessionId } from './session.ts';
import { SessionCheckFailed, type SessionLookup } from './session-lookup.ts';

/** How PHP is asked again; without it only sessions end whose end PHP has named. */
export interface Asking {
  readonly sessions: SessionLookup;
  readonly credentials: CredentialsSource;
  /** Seconds. */
  readonly interval: number;
  /** Questions under way at once: what PHP has to spare beside its pages. */
  readonly atOnce: number;
  /** Milliseconds that one question may take. */
  readonly timeoutMs: number;
}

export interface RevalidateWorld extends EndWorld {
  readonly live: LiveSessions;
  readonly asking?: Asking | undefined;
  /** As Math.random. */
  readonly random: () => number;
}

/** Epoch milliseconds: until when PHP is asked, and until when sockets are closed. What is not done is due a minute later. */
export interface Deadlines {
  readonly ask: number;
  readonly close: number;
}

/** Sessions, but for sockets in `closing`. */
export interface RevalidateReport {
  /** About which PHP gave a clear answer. */
  readonly asked: number;
  /** Of these, those that PHP does not know any more, or by another id or user. */
  readonly lost: number;
  /** About which nobody knows anything, and why, for the first of each kind. They are kept. */
  readonly failed: number;
  readonly failures: readonly Failure[];
  /** Not asked for want of time, or because PHP cannot be asked. */
  readonly late: number;
  /** Too many were lost at once to be believed, so none was closed. */
  readonly held: boolean;
  readonly closing: Closing;
}

type Closing = Omit<EndReport, 'took'>;
type Failure = Extract<Verdict, { readonly reason: string }>;

/** Reads of the table under way at once. */
const readers = 50;
/** So many failures in a row, and PHP is down: it is not asked by all the others as well. */
const patience = 10;
/** Of so many sessions more than half do not end within a minute by themselves. */
const crowd = 20;

/**
 * Closes what has ended, and asks PHP again about the sessions that are due, each once, however many sockets it has. Whoever
 * PHP knows stays; whoever it clearly does not is closed; of whom nobody knows anything stays until the end that PHP named.
 */
export async function revalidate(world: RevalidateWorld, deadlines: Deadlines): Promise<RevalidateReport> {
  const { ended, groups } = await findDue(world);
  // First, because it needs nobody: a session ends in time even where PHP is down.
  const endings = [await endConnections(ended, 'ended-session', world, deadlines.close)];

  const { asking } = world;
  const verdicts = asking === undefined ? new Map() : await askAbout(groups, world, asking, deadlines.ask);
  const answers = [...verdicts].filter(([, { outcome }]) => outcome === 'same' || outcome === 'lost');
  const lost = answers.filter(([, { outcome }]) => outcome === 'lost').length;
  // A deployment of PHP that forgets everybody must not empty the house.
  const held = answers.length >= crowd && lost > answers.length / 2;
  if (!held) {
    for (const [why, connections] of byRefusal(verdicts)) {
      const still = await withoutRebound(connections, world.live);
      endings.push(await endConnections(still, why, world, deadlines.close));
    }
  }
  const failures = [...verdicts.values()].filter((verdict) => 'reason' in verdict);
  return {
    asked: answers.length,
    lost,
    failed: failures.length,
    failures: firstOfEachKind(failures),
    late: groups.length - verdicts.size,
    held,
    closing: sumEndings(endings),
  };
}

async function findDue({ live, clock, asking, random }: RevalidateWorld) {
  const ended: DueConnection[] = [];
  const groups = new Map<string, DueConnection[]>();
  const now = clock.now() / 1000;
  for await (const page of live.due()) {
    for (const connection of page) {
      const { principalId, sessionHash, sessionExpiresAt = Number.POSITIVE_INFINITY } = connection;
      if (sessionExpiresAt <= now) ended.push(connection);
      else listIn(groups, `${sessionHash} ${principalId}`).push(connection);
    }
  }
  const due = asking === undefined ? [] : [...groups.values()].map(groupOf);
  // In another order each time, so that a few that fail always do not stand before all the others.
  return { ended, groups: shuffle(due, random) };
}

function groupOf(connections: readonly DueConnection[]): LiveGroup {
  const [{ sessionHash, principalId } = { sessionHash: '', principalId: '' }] = connections;
  return { sessionHash, principalId, connections };
}

async function askAbout(
  groups: readonly LiveGroup[],
  { live, clock }: RevalidateWorld,
  { sessions, credentials, interval, atOnce }: Asking,
  deadline: number,
): Promise<Map<LiveGroup, Verdict>> {
  const verdicts = new Map<LiveGroup, Verdict>();
  let failedInARow = 0;

  // One alone: where the secrets differ, one line in PHP's log says so as well as four.
  const [first, ...others] = groups;
  if (first !== undefined) await ask(first);
  await actOnAll([others], atOnce, ask);
  return verdicts;

  async function ask(group: LiveGroup): Promise<void> {
    if (failedInARow >= patience || clock.now() >= deadline) return;
    const verdict = await judge(group).catch(asFailure);
    verdicts.set(group, verdict);
    if (verdict.outcome === 'same' || verdict.outcome === 'lost') failedInARow = 0;
    if (verdict.outcome === 'unavailable') failedInARow += 1;
    if (verdict.outcome === 'misconfigured') failedInARow = patience;
  }

  async function judge(group: LiveGroup): Promise<Verdict> {
    const now = clock.now();
    const verdict = await recheck(group, { live, sessions, credentials }, now);
    if (verdict.outcome !== 'same') return verdict;
    const { sessionHash, connections } = group;
    const sessionExpiresAt = verdict.session.expiresAt;
    const until = { sessionExpiresAt, validUntil: nextCheck({ sessionHash, sessionExpiresAt }, interval, now) };
    await Promise.all(connections.map((connection) => live.prolong(connection, sessionHash, until)));
    return verdict;
  }
}

/** Whatever goes wrong with one session is no reason to leave the others unasked, or to close it. */
function asFailure(error: unknown): Verdict {
  if (error instanceof SessionCheckFailed) return { outcome: error.outcome, reason: error.reason };
  return { outcome: 'unavailable', reason: 'an unexpected fault' };
}

/** Sockets to close, by what they are told. */
function byRefusal(verdicts: ReadonlyMap<LiveGroup, Verdict>): Map<RefusalReason, DueConnection[]> {
  const lists = new Map<RefusalReason, DueConnection[]>();
  for (const [{ connections }, verdict] of verdicts) {
    if (verdict.outcome === 'lost') listIn(lists, verdict.refusal).push(...connections);
  }
  return lists;
}

/** Whose session has got another id since PHP was asked goes on with that. */
async function withoutRebound(
  connections: readonly DueConnection[],
  live: LiveSessions,
): Promise<readonly DueConnection[]> {
  const still: DueConnection[] = [];
  await actOnAll([connections], readers, async (connection) => {
    const known = await live.find(connection).catch(() => connection);
    if (known !== undefined && isSameSessionId(known.sessionHash, connection.sessionHash)) still.push(connection);
  });
  return still;
}

function firstOfEachKind(failures: readonly Failure[]): readonly Failure[] {
  return failures.filter(({ outcome }, index) => failures.findIndex((each) => each.outcome === outcome) === index);
}

function listIn<Key, Item>(lists: Map<Key, Item[]>, key: Key): Item[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

function shuffle<Item>(items: readonly Item[], random: () => number): readonly Item[] {
  return items
    .map((item) => ({ item, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}
