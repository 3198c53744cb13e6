import { type Counters, createMeter, type Meter, mostWithin, stepWithin } from '../connections/meter.ts';
import type { FrameRefusalReason } from '../refusal.ts';
import type { Speaker } from './frame.ts';

/** Counts one frame. Returns the refusal when the frame exceeds a limit, and undefined otherwise. */
export type Limit = (speaker: Speaker) => Promise<FrameRefusalReason | undefined>;

/** The same, and whether the client has exceeded the limit so often that its socket must close. */
export type FloodLimit = (
  speaker: Speaker,
) => Promise<{ readonly reason: FrameRefusalReason; readonly isFlood: boolean } | undefined>;

export interface Rate {
  readonly limit: number;
  readonly milliseconds: number;
}

export interface LimitSettings {
  /** Unique among all limits. */
  readonly name: string;
  readonly perConnection: Rate & { readonly reason: FrameRefusalReason };
  readonly perUser: Rate & { readonly reason: FrameRefusalReason };
  /** Adds each frame to the shared counter, which costs a write. Otherwise clients with few frames cost none. */
  readonly isExact?: boolean;
}

/** One limit for each connection and one for its principal, which all sockets of a user share. */
export function createLimit(
  { name, perConnection, perUser, isExact = false }: LimitSettings,
  counters: Counters,
): Limit {
  const ofConnection = createRateMeter(name, perConnection, isExact ? 1 : stepWithin(perConnection.limit), counters);
  const ofUser = createRateMeter(`${name}-of`, perUser, stepWithin(perUser.limit), counters);
  return async ({ connectionId, principalId, sentAt }) => {
    if ((await ofConnection(connectionId, sentAt)) === 'over') return perConnection.reason;
    return (await ofUser(principalId, sentAt)) === 'over' ? perUser.reason : undefined;
  };
}

/** A flood is three times the limit: accepted and refused frames together. */
export function createFloodLimit(settings: LimitSettings, counters: Counters): FloodLimit {
  const limit = createLimit(settings, counters);
  const { name, perConnection, perUser } = settings;
  const refusedOf = (suffix: string, { limit, milliseconds }: Rate): Meter => {
    const most = 3 * limit - mostWithin(limit);
    return createMeter({ name: `${name}-${suffix}`, milliseconds, most, step: stepWithin(most) }, counters);
  };
  const refusedOfConnection = refusedOf('refused', perConnection);
  const refusedOfUser = refusedOf('refused-of', perUser);
  return async (speaker) => {
    const reason = await limit(speaker);
    if (reason === undefined) return undefined;
    const { connectionId, principalId, sentAt } = speaker;
    const isOfUser = reason === perUser.reason;
    const pressure = isOfUser
      ? await refusedOfUser(principalId, sentAt)
      : await refusedOfConnection(connectionId, sentAt);
    return { reason, isFlood: pressure === 'over' };
  };
}

function createRateMeter(name: string, { limit, milliseconds }: Rate, step: number, counters: Counters): Meter {
  return createMeter({ name, milliseconds, most: mostWithin(limit), step }, counters);
}
