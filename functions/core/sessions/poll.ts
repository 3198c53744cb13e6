import type { Clock } from '../clock.ts';
import { type CheckOutcome, forgetUsers, hashFor, type Judgement, judgeRun, silenceKey } from './guard.ts';
import type { GuardMemory } from './guard-memory.ts';
import { inFairOrder, type LiveGroup, type Recheck, type Verdict } from './recheck.ts';

export interface PollReport {
  /** PHP was not asked about a session without a verdict. */
  readonly verdicts: ReadonlyMap<LiveGroup, Verdict>;
  /** Sessions to close: without an answer for long, while PHP answers for nearly all other users. */
  readonly unanswered: readonly LiveGroup[];
  /** The guard holds, because too many users are lost. */
  readonly held: Judgement['held'];
  /** No socket is closed until there are more answers. */
  readonly doubtful: boolean;
  /** PHP has not answered for several runs. */
  readonly isPhpSilent: boolean;
}

/**
 * Asks PHP about the due sessions. The guard judges the answers together with those of earlier runs.
 * @param deadline epoch milliseconds
 */
export type Poll = (groups: readonly LiveGroup[], deadline: number) => Promise<PollReport>;

export interface PollParts {
  readonly recheck: Recheck;
  readonly guard: GuardMemory;
  /** Seconds between two checks of a session. */
  readonly interval: number;
  readonly clock: Clock;
  /** Like Math.random. */
  readonly random: () => number;
}

export function createPoll({ recheck, guard, interval, clock, random }: PollParts): Poll {
  return async (groups, deadline) => {
    const before = await guard.read();
    const minute = Math.floor(clock.now() / 60_000);
    const window = Math.ceil(interval / 60);
    const hashes = new Map(groups.map((group) => [group, hashesOf(group, before.salt)]));
    const keyOf = (group: LiveGroup) => silenceKey(hashes.get(group) ?? { user: '', session: '' });

    const order = inFairOrder(groups, random);
    const hasFailed = (group: LiveGroup) => before.silences.has(keyOf(group));
    const first = order.find((group) => !hasFailed(group)) ?? order[0];
    const others = order.filter((group) => group !== first);
    const verdicts = await recheck(first === undefined ? [] : [first, ...others], deadline);

    const checks = [...hashes].map(([group, { user, session }]) => {
      return { user, session, outcome: outcomeOf(verdicts.get(group)) };
    });
    const { state, held, doubtful, isPhpSilent, unanswered } = judgeRun(before, { minute, window, checks });
    // An operator has confirmed that these users are really logged out.
    const isOverruled = held !== undefined && (await guard.isReleased());
    // Before any socket closes: if the losses cannot be stored, no socket closes.
    await guard.write(isOverruled ? forgetUsers(state) : state, minute, (minute + 2 * window + 10) * 60);
    return {
      verdicts,
      unanswered: groups.filter((group) => unanswered.has(keyOf(group))),
      held: isOverruled ? undefined : held,
      doubtful,
      isPhpSilent,
    };
  };
}

function hashesOf({ principalId, sessionHash }: LiveGroup, salt: Uint8Array) {
  return { user: hashFor(salt, principalId), session: hashFor(salt, `${sessionHash} ${principalId}`) };
}

function outcomeOf(verdict: Verdict | undefined): CheckOutcome {
  switch (verdict?.outcome) {
    case 'same':
      return 'known';
    case 'lost':
      return 'lost';
    case 'unavailable':
    case 'misconfigured':
      return verdict.isPhps ? 'unanswered' : 'failed';
    default:
      return 'none';
  }
}
