/** The user of a connection on a presence channel or after a sign-in. */
export interface Member {
  readonly userId: string;
  /** Any JSON. The other members get it unchanged. Undefined when there is none. */
  readonly userInfo?: unknown;
}
