import type { Connection } from '../connections/connection.ts';
import type { Member } from '../connections/member.ts';

/** The sender of a frame, from the authorizer's context. Nothing here comes from the frame itself. */
export interface Speaker extends Connection {
  /**
   * Epoch milliseconds when API Gateway received the frame. Frames of one connection are handled at the same time, in
   * no order.
   */
  readonly sentAt: number;
  /** Epoch milliseconds of the authorizer's check. The authorizer knows of nothing that happened later. */
  readonly authorizedAt: number;
  /** PHP's description of the user, for presence channels. */
  readonly userInfo?: unknown;
  /** Patterns of the channels that PHP allows the user to join. */
  readonly channels: readonly string[];
}

/** The user that PHP has named; undefined when it named nobody. */
export function userOf({ principalId, userInfo }: Speaker): Member | undefined {
  const [kind, ...id] = principalId.split(':');
  return kind === 'user' ? { userId: id.join(':'), userInfo } : undefined;
}
