/** Time as an argument, so that what depends on it can be tested without waiting. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  pause(milliseconds: number): Promise<void>;
}
