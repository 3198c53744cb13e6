import type { Clock } from '../clock.ts';
import { forEachConcurrently } from '../concurrency.ts';
import { isSameSessionId } from '../handshake/session.ts';
import type { RefusalReason } from '../refusal.ts';
import type { Adopt } from './adopt.ts';
import { type CloseConnections, type CloseReport, sumCloseReports } from './close-connections.ts';
import type { DueConnection, LiveSessions } from './live-sessions.ts';
import type { Poll, PollReport } from './poll.ts';
import type { LiveGroup, Verdict } from './recheck.ts';
import { type EndingConnection, never, readers } from './session-ends.ts';

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
  readonly held: PollReport['held'];
  /** Most of a few users are lost, so none was closed before there are more answers. */
  readonly doubtful: boolean;
  /** PHP has not answered for several runs. */
  readonly unheard: boolean;
  readonly closing: Closing;
  /** Connections whose session ends while the run waits, the first end first. */
  readonly ending: readonly EndingConnection[];
}

type Closing = Omit<CloseReport, 'took'>;
type Failure = Extract<Verdict, { readonly reason: string }>;

/**
 * Closes what has ended, and asks PHP again about the sessions that are due, each once, however many sockets it has. A session
 * that PHP knows stays; one that it clearly does not know is closed, unless the guard holds; one without an answer stays until the end that
 * PHP named, or until it alone has been without one for long.
 * @param poll how PHP is asked; without it only sessions end whose end PHP has named
 */
export type RevalidateSessions = (deadlines: Deadlines, poll: Poll | undefined) => Promise<RevalidateReport>;

export interface RevalidateSessionsParts {
  readonly live: Pick<LiveSessions, 'due' | 'find'>;
  readonly adopt: Adopt;
  readonly closeConnections: CloseConnections;
  readonly clock: Clock;
}

export function createRevalidateSessions(parts: RevalidateSessionsParts): RevalidateSessions {
  const { live, adopt, closeConnections, clock } = parts;
  return async (deadlines, poll) => {
    const { ended, ending, due, unowned } = await findDue(deadlines.wait);
    // First, because it needs nobody: a session ends in time even where PHP is down.
    const endings = [await closeConnections(ended, 'ended-session', deadlines.close)];
    const revoked = await adopt(unowned, deadlines.ask);
    // A rebind revokes the id before, and the socket goes on with the new one.
    endings.push(await closeConnections(await withoutRebound(revoked), 'revoked', deadlines.close));

    const groups = poll === undefined ? [] : due;
    const isQuiet = poll === undefined || groups.length === 0;
    const { verdicts, mute, held, doubtful, unheard } = isQuiet ? nothing : await poll(groups, deadlines.ask);
    const isBelieved = held === undefined && !doubtful;
    if (isBelieved) {
      for (const [why, connections] of byRefusal({ verdicts, mute })) {
        endings.push(await closeConnections(await withoutRebound(connections), why, deadlines.close));
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
      closing: sumCloseReports(endings),
      ending: [...ending, ...endingBy(verdicts, deadlines.wait)].toSorted((a, b) => a.at - b.at),
    };
  };

  async function findDue(endsBefore: number) {
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
    return { ended, ending, unowned, due: [...groups.values()].map(groupOf) };
  }

  /** Whose session has got another id since PHP was asked goes on with that. */
  async function withoutRebound(connections: readonly DueConnection[]): Promise<readonly DueConnection[]> {
    const still: DueConnection[] = [];
    await forEachConcurrently([connections], readers, async (connection) => {
      const known = await live.find(connection).catch(() => connection);
      if (known !== undefined && isSameSessionId(known.sessionHash, connection.sessionHash)) still.push(connection);
    });
    return still;
  }
}

/** What is known where nobody was asked. */
const nothing: PollReport = { verdicts: new Map(), mute: [], held: undefined, doubtful: false, unheard: false };

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
function byRefusal({ verdicts, mute }: Pick<PollReport, 'verdicts' | 'mute'>): Map<RefusalReason, DueConnection[]> {
  const lists = new Map<RefusalReason, DueConnection[]>();
  for (const [{ connections }, verdict] of verdicts) {
    if (verdict.outcome === 'lost') listIn(lists, verdict.refusal).push(...connections);
  }
  for (const { connections } of mute) listIn(lists, 'unanswered-session').push(...connections);
  return lists;
}

function firstOfEachKind(failures: readonly Failure[]): readonly Failure[] {
  return failures.filter(({ outcome }, index) => failures.findIndex((each) => each.outcome === outcome) === index);
}

function listIn<Key, Item>(lists: Map<Key, Item[]>, key: Key): Item[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}
