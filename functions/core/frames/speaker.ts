import type { Connection } from '../connections/connection.ts';
import type { Member } from '../connections/member.ts';

/** Who has sent a frame, as the authorizer knew him; nothing of it is taken from the frame. */
export interface Speaker extends Connection {
  /** When API Gateway took the frame, in epoch milliseconds: frames of one connection run at the same time, in no order. */
  readonly sentAt: number;
  /** Epoch milliseconds: what happened later than this, the authorizer cannot have known. */
  readonly authorizedAt: number;
  /** What PHP says of the user, for presence channels. */
  readonly userInfo?: unknown;
  /** Patterns of the channels that PHP lets the user join. */
  readonly channels: readonly string[];
}

/** Whom PHP has named; undefined when it named nobody. */
export function userOf({ principalId, userInfo }: Speaker): Member | undefined {
  const [kind, ...id] = principalId.split(':');
  return kind === 'user' ? { userId: id.join(':'), userInfo } : undefined;
}
