import type { Clock } from '../clock.ts';
import { forEachConcurrently } from '../concurrency.ts';
import { isSameSessionId } from '../handshake/session.ts';
import type { RefusalReason } from '../refusal.ts';
import type { Adopt } from './adopt.ts';
import { type CloseConnections, type CloseReport, sumCloseReports } from './close-connections.ts';
import type { DueConnection, LiveSessions } from './live-sessions.ts';
import type { Poll, PollReport } from './poll.ts';
import type { LiveGroup, Verdict } from './recheck.ts';
import { type EndingConnection, never, readConcurrency } from './session-ends.ts';

/**
 * Epoch milliseconds: the deadlines for asking PHP, for closing sockets, and for waiting for sessions that end.
 * Unfinished work is due a minute later.
 */
export interface Deadlines {
  readonly ask: number;
  readonly close: number;
  readonly wait: number;
}

/** Counts sessions, except that `closing` counts sockets and `held` counts users. */
export interface RevalidateReport {
  /** Sessions with a clear answer from PHP. */
  readonly asked: number;
  /** Sessions with a clear answer that PHP no longer knows, or knows with another id or user. */
  readonly lost: number;
  /** Sessions without a clear answer. They stay open, except those in `unanswered`. */
  readonly failed: number;
  /** The first failure of each kind. */
  readonly failures: readonly Failure[];
  /** Sessions that were closed without an answer, because PHP answers for nearly all other users. */
  readonly unanswered: number;
  /** Sessions that PHP was not asked about, because time was short or PHP cannot be asked. */
  readonly late: number;
  /** The guard holds: too many users are lost, so none of their sockets was closed. */
  readonly held: PollReport['held'];
  /** Most of a few users are lost, so no socket was closed until there are more answers. */
  readonly doubtful: boolean;
  /** PHP has not answered for several runs. */
  readonly isPhpSilent: boolean;
  readonly closing: Closing;
  /** Connections whose session ends while the run waits, in the order of their ends. */
  readonly ending: readonly EndingConnection[];
}

type Closing = Omit<CloseReport, 'took'>;
type Failure = Extract<Verdict, { readonly reason: string }>;

/**
 * Closes sessions that have ended, and asks PHP again about the due sessions, once per session. A session that PHP
 * knows stays open. A session that PHP clearly does not know is closed, unless the guard holds. A session without an
 * answer stays open until the end that PHP named, or until it has long been nearly the only one without an answer.
 * @param poll asks PHP. Without it, only sessions with an end that PHP named are closed.
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
    // First, because it does not need PHP: a session ends in time even if PHP is down.
    const endings = [await closeConnections(ended, 'ended-session', deadlines.close)];
    const revoked = await adopt(unowned, deadlines.ask);
    // A rebind revokes the old id, and the socket continues with the new one.
    endings.push(await closeConnections(await withoutRebound(revoked), 'revoked', deadlines.close));

    const groups = poll === undefined ? [] : due;
    const isQuiet = poll === undefined || groups.length === 0;
    const report = isQuiet ? emptyReport : await poll(groups, deadlines.ask);
    const { verdicts, unanswered, held, doubtful, isPhpSilent } = report;
    const isTrusted = held === undefined && !doubtful;
    if (isTrusted) {
      for (const [why, connections] of byRefusal({ verdicts, unanswered })) {
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
      unanswered: isTrusted ? unanswered.length : 0,
      late: groups.length - verdicts.size,
      held,
      doubtful,
      isPhpSilent,
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

  /** Leaves out connections whose session has got another id since PHP was asked. They stay open. */
  async function withoutRebound(connections: readonly DueConnection[]): Promise<readonly DueConnection[]> {
    const still: DueConnection[] = [];
    await forEachConcurrently([connections], readConcurrency, async (connection) => {
      const known = await live.find(connection).catch(() => connection);
      if (known !== undefined && isSameSessionId(known.sessionHash, connection.sessionHash)) still.push(connection);
    });
    return still;
  }
}

/** The report when PHP was not asked. */
const emptyReport: PollReport = {
  verdicts: new Map(),
  unanswered: [],
  held: undefined,
  doubtful: false,
  isPhpSilent: false,
};

/** Connections whose session ends before an instant (epoch milliseconds), by PHP's answer in this run. */
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

/** The sockets to close, by the reason that their clients get. */
function byRefusal({
  verdicts,
  unanswered,
}: Pick<PollReport, 'verdicts' | 'unanswered'>): Map<RefusalReason, DueConnection[]> {
  const lists = new Map<RefusalReason, DueConnection[]>();
  for (const [{ connections }, verdict] of verdicts) {
    if (verdict.outcome === 'lost') listIn(lists, verdict.refusal).push(...connections);
  }
  for (const { connections } of unanswered) listIn(lists, 'unanswered-session').push(...connections);
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
