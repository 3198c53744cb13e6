import type { Subscriptions } from '../channels/subscriptions.ts';
import { forEachConcurrently } from '../concurrency.ts';
import type { Revocations } from '../connections/revocations.ts';
import { isSameSessionId } from '../handshake/session.ts';
import type { RefusalReason } from '../refusal.ts';
import { adopt } from './adopt.ts';
import type { EndingConnection } from './close-at-the-end.ts';
import { type EndReport, type EndWorld, endConnections, sumEndings } from './close-connections.ts';
import type { DueConnection, LiveSessions } from './live-sessions.ts';
import { type Asking, type Poll, type PollWorld, poll } from './poll.ts';
import type { LiveGroup, Verdict } from './recheck.ts';

export interface RevalidateWorld extends EndWorld, PollWorld {
  readonly revocations: Pick<Revocations, 'isRevokedSince'>;
  readonly subscriptions: Pick<Subscriptions, 'find'>;
  /** How PHP is asked again; without it only sessions end whose end PHP has named. */
  readonly asking?: Asking | undefined;
}

/**
 * Epoch milliseconds: until when PHP is asked, until when sockets are closed, and until when sessions that end are waited for. What is
 * not done is due a minute later.
 */
export interface Deadlines {
  readonly ask: number;
  readonly close: number;
  readonly wait: number;
}

/** Sessions, but for sockets in `closing` and users in `held`. */
export interface RevalidateReport {
  /** About which PHP gave a clear answer. */
  readonly asked: number;
  /** Of these, those that PHP does not know any more, or by another id or user. */
  readonly lost: number;
  /** About which nobody knows anything, and why, for the first of each kind. They are kept, but for the mute. */
  readonly failed: number;
  readonly failures: readonly Failure[];
  /** Closed because PHP answers about nearly everybody else. */
  readonly mute: number;
  /** Not asked for want of time, or because PHP cannot be asked. */
  readonly late: number;
  /** Too many users are lost to be believed, so none was closed for that. */
  readonly held: Poll['held'];
  /** Most of a few users are lost, so none was closed before there are more answers. */
  readonly doubtful: boolean;
  /** PHP has not answered for several runs. */
  readonly unheard: boolean;
  readonly closing: Closing;
  /** Connections whose session ends while the run waits, the first end first. */
  readonly ending: readonly EndingConnection[];
}

type Closing = Omit<EndReport, 'took'>;
type Failure = Extract<Verdict, { readonly reason: string }>;

const never = Number.POSITIVE_INFINITY;

/** Reads of the table under way at once. */
const readers = 50;

/**
 * Closes what has ended, and asks PHP again about the sessions that are due, each once, however many sockets it has. A session
 * that PHP knows stays; one that it clearly does not know is closed, unless the guard holds; one without an answer stays until the end that
 * PHP named, or until it alone has been without one for long.
 */
export async function revalidate(world: RevalidateWorld, deadlines: Deadlines): Promise<RevalidateReport> {
  const { ended, ending, groups, unowned } = await findDue(world, deadlines.wait);
  // First, because it needs nobody: a session ends in time even where PHP is down.
  const endings = [await endConnections(ended, 'ended-session', world, deadlines.close)];
  const revoked = await adopt(unowned, world, deadlines.ask);
  // A rebind revokes the id before, and the socket goes on with the new one.
  const unbound = await withoutRebound(revoked, world.live);
  endings.push(await endConnections(unbound, 'revoked', world, deadlines.close));

  const { asking } = world;
  const isQuiet = asking === undefined || groups.length === 0;
  const { verdicts, mute, held, doubtful, unheard } = isQuiet
    ? nothing
    : await poll(groups, asking, world, deadlines.ask);
  const isBelieved = held === undefined && !doubtful;
  if (isBelieved) {
    for (const [why, connections] of byRefusal({ verdicts, mute })) {
      const still = await withoutRebound(connections, world.live);
      endings.push(await endConnections(still, why, world, deadlines.close));
    }
  }
  const outcomes = [...verdicts.values()];
  const count = (outcome: Verdict['outcome']) => outcomes.filter((each) => each.outcome === outcome).length;
  const failures = outcomes.filter((verdict) => 'reason' in verdict);
  return {
    asked: count('same') + count('lost'),
    lost: count('lost'),
    failed: failures.length,
    failures: firstOfEachKind(failures),
    mute: isBelieved ? mute.length : 0,
    late: groups.length - verdicts.size,
    held,
    doubtful,
    unheard,
    closing: sumEndings(endings),
    ending: [...ending, ...endingBy(verdicts, deadlines.wait)].toSorted((a, b) => a.at - b.at),
  };
}

/** What is known where nobody was asked. */
const nothing: Poll = { verdicts: new Map(), mute: [], held: undefined, doubtful: false, unheard: false };

async function findDue({ live, clock, asking }: RevalidateWorld, endsBefore: number) {
  const ended: DueConnection[] = [];
  const ending: EndingConnection[] = [];
  const unowned: DueConnection[] = [];
  const groups = new Map<string, DueConnection[]>();
  const now = clock.now() / 1000;
  for await (const page of live.due(Math.floor(endsBefore / 1000))) {
    for (const connection of page) {
      const { principalId, sessionHash, sessionExpiresAt: at = never, validUntil = never } = connection;
      if (connection.unowned !== undefined) unowned.push(connection);
      if (at <= now) ended.push(connection);
      else if (validUntil <= now) listIn(groups, `${sessionHash} ${principalId}`).push(connection);
      if (at > now && at * 1000 < endsBefore) ending.push({ connection, at });
    }
  }
  return { ended, ending, unowned, groups: asking === undefined ? [] : [...groups.values()].map(groupOf) };
}

/** Those of which PHP has just said that they end so soon. */
function endingBy(verdicts: ReadonlyMap<LiveGroup, Verdict>, endsBefore: number): readonly EndingConnection[] {
  return [...verdicts].flatMap(([{ connections }, verdict]) => {
    const at = verdict.outcome === 'same' ? (verdict.session.expiresAt ?? never) : never;
    return at * 1000 < endsBefore ? connections.map((connection) => ({ connection, at })) : [];
  });
}

function groupOf(connections: readonly DueConnection[]): LiveGroup {
  const [{ sessionHash, principalId } = { sessionHash: '', principalId: '' }] = connections;
  return { sessionHash, principalId, connections };
}

/** Sockets to close, by what they are told. */
function byRefusal({ verdicts, mute }: Pick<Poll, 'verdicts' | 'mute'>): Map<RefusalReason, DueConnection[]> {
  const lists = new Map<RefusalReason, DueConnection[]>();
  for (const [{ connections }, verdict] of verdicts) {
    if (verdict.outcome === 'lost') listIn(lists, verdict.refusal).push(...connections);
  }
  for (const { connections } of mute) listIn(lists, 'unanswered-session').push(...connections);
  return lists;
}

/** Whose session has got another id since PHP was asked goes on with that. */
async function withoutRebound(
  connections: readonly DueConnection[],
  live: LiveSessions,
): Promise<readonly DueConnection[]> {
  const still: DueConnection[] = [];
  await forEachConcurrently([connections], readers, async (connection) => {
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
