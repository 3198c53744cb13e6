/** The last minutes, since 1970, in which PHP knew a user, did not know them, or did not answer about them. */
export interface LastAnswers {
  readonly known?: number;
  readonly lost?: number;
  readonly unanswered?: number;
}

/** Consecutive checks of one session without an answer. */
export interface Silence {
  /** The minute of the first, since 1970. */
  readonly since: number;
  /** The checks that count against the session. Answers of something in front of PHP do not count. */
  readonly checks: number;
}

export interface GuardState {
  /** Users and sessions are stored as salted hashes, so the row does not identify them. */
  readonly salt: Uint8Array;
  /** By the user's hash. */
  readonly users: ReadonlyMap<string, LastAnswers>;
  /** The users are a sample: those with a hash of at most this one. */
  readonly limit: string;
  /** By the user's hash, followed by the session's. */
  readonly silences: ReadonlyMap<string, Silence>;
  /** The first minute of the answers that made the guard hold. */
  readonly heldSince?: number;
  /** The first minute of the answers that made the guard wait for more. */
  readonly doubtSince?: number;
  /** Consecutive runs that asked PHP and got no answer at all. */
  readonly runsInVain: number;
}

/** Hex digits of a hash: enough to distinguish some thousands of users, and too few to test guessed user ids. */
export const hashLength = 8;
export const everyUser = 'f'.repeat(hashLength);

export function emptyGuardState(salt: Uint8Array): GuardState {
  return { salt, users: new Map(), limit: everyUser, silences: new Map(), runsInVain: 0 };
}

/**
 * The port to the guard's state, which outlives a run.
 *
 * `read` returns the latest state, or an empty state with a new salt when there is none or it has expired. `write`
 * stores a state until `expiresAt` (epoch seconds). It MAY forget minutes that are more than 254 before the minute of
 * the run. Callers MUST hold the lease of `revalidate`: a second writer would undo the counts of the first.
 * `release` turns the guard off until a time (epoch seconds). `isReleased` returns whether it is off, and MUST read the
 * latest write. Both MAY be called at any time, so a write MUST NOT undo a release.
 */
export interface GuardMemory {
  read(): Promise<GuardState>;
  /** @param minute the run's, since 1970 */
  write(state: GuardState, minute: number, expiresAt: number): Promise<void>;
  release(until: number): Promise<void>;
  isReleased(): Promise<boolean>;
}
