/** The user as whom a connection has signed in, or is on a presence channel. */
export interface Member {
  readonly userId: string;
  /** Any JSON, shown to the others as it is; undefined when nothing was said. */
  readonly userInfo?: unknown;
}
