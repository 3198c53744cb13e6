/** When PHP last answered about a user, in minutes since 1970: that it knows them, that it does not, or not at all. */
export interface LastAnswers {
  readonly known?: number;
  readonly lost?: number;
  readonly unanswered?: number;
}

/** Checks of one session, one after the other, to which nobody gave an answer. */
export interface Silence {
  /** The minute of the first, since 1970. */
  readonly since: number;
  /** Those that may be held against the session: answers of something in front of PHP are not counted. */
  readonly checks: number;
}

export interface GuardState {
  /** Users and sessions are stored as salted hashes, so the row does not say who they are. */
  readonly salt: Uint8Array;
  /** By the user's hash. */
  readonly users: ReadonlyMap<string, LastAnswers>;
  /** Users are a sample: those whose hash is at most this one. */
  readonly limit: string;
  /** By the user's hash, followed by the session's. */
  readonly silences: ReadonlyMap<string, Silence>;
  /** The first minute whose answers made the guard hold. */
  readonly heldSince?: number;
  /** The first minute whose answers made it wait for more. */
  readonly doubtSince?: number;
  /** Runs in a row that asked and got no answer at all. */
  readonly runsInVain: number;
}

/** Hex digits of a hash: enough to tell some thousands of users apart, and too few to try user ids on. */
export const hashLength = 8;
export const everyUser = 'f'.repeat(hashLength);

export function emptyGuardState(salt: Uint8Array): GuardState {
  return { salt, users: new Map(), limit: everyUser, silences: new Map(), runsInVain: 0 };
}

/**
 * The port to the guard's state, which outlives a run.
 *
 * `read` answers what was written last, or an empty state with a salt of its own when nothing was or that has expired. `write` keeps a
 * state until `expiresAt` (epoch seconds); minutes of more than 254 before that of the run MAY be forgotten. Callers MUST hold the
 * lease of `revalidate`: a second writer would undo what the first has counted.
 * `release` turns the guard off until a time (epoch seconds), and `isReleased` answers whether it is off, by what was written last.
 * Both MAY be called at any time, so a write MUST NOT undo a release.
 */
export interface GuardMemory {
  read(): Promise<GuardState>;
  /** @param minute of the run, since 1970 */
  write(state: GuardState, minute: number, expiresAt: number): Promise<void>;
  release(until: number): Promise<void>;
  isReleased(): Promise<boolean>;
}
