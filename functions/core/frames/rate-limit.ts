import { type Counters, createMeter, type Meter, mostWithin, stepWithin } from '../connections/meter.ts';
import type { FrameRefusalReason } from '../refusal.ts';
import type { Speaker } from './speaker.ts';

/** Why what a client asks for is too much, or nothing when it is not. */
export type Limit = (speaker: Speaker) => Promise<FrameRefusalReason | undefined>;

/** The same, and whether the client goes on so long that its socket is closed. */
export type FloodLimit = (
  speaker: Speaker,
) => Promise<{ readonly reason: FrameRefusalReason; readonly isFlood: boolean } | undefined>;

export interface Rate {
  readonly limit: number;
  readonly milliseconds: number;
}

export interface LimitSettings {
  /** Tells it from other limits. */
  readonly name: string;
  readonly perConnection: Rate & { readonly reason: FrameRefusalReason };
  readonly perUser: Rate & { readonly reason: FrameRefusalReason };
  /** Every single one is counted for all environments, at the price of a write; else those who ask for little cost none. */
  readonly isExact?: boolean;
}

/** One limit for each connection and one for its principal: a user with many sockets is one. */
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

/** As many are counted as refusals as make three times the limit with those that passed. */
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
