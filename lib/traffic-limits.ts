import { defaultLimit } from '../functions/core/connections/connection-limit.ts';
import type { SessionSocketProps } from './session-socket-props.ts';

type TrafficLimits = Required<
  Pick<
    SessionSocketProps,
    | 'maxHandshakesPerMinutePerUser'
    | 'maxFramesPerMinute'
    | 'maxFramesPerMinutePerUser'
    | 'maxClientEventsPerSecond'
    | 'maxClientEventsPerMinutePerUser'
    | 'maxChannelsPerConnection'
    | 'maxPresenceJoinsPerMinute'
    | 'maxPresenceJoinsPerMinutePerUser'
  >
>;

type TrafficProps = Partial<TrafficLimits> & Pick<SessionSocketProps, 'maxConnectionsPerUser'>;

/** Of the names of more, a connection's row could not hold all: it has 400 KB, and a name up to 200 bytes. */
const mostChannels = 1000;
/** Above it nothing would be limited: AWS gives an account 600,000 requests in a minute. */
const mostOfAll = 1_000_000;

/** Some follow from others, so that a client at one limit does not meet another. */
export function settleTrafficLimits(props: TrafficProps): TrafficLimits {
  const maxConnectionsPerUser = props.maxConnectionsPerUser ?? defaultLimit.maxConnections;
  const maxClientEventsPerSecond = props.maxClientEventsPerSecond ?? 10;
  // Client events are frames too: with 300 frames in all, ten a second would have been over after half a minute.
  const maxFramesPerMinute = props.maxFramesPerMinute ?? derived(60 * maxClientEventsPerSecond + 300);
  const maxChannelsPerConnection = props.maxChannelsPerConnection ?? 100;
  // A page may join all of its channels at once.
  const maxPresenceJoinsPerMinute = props.maxPresenceJoinsPerMinute ?? maxChannelsPerConnection;
  return {
    maxClientEventsPerSecond,
    maxClientEventsPerMinutePerUser: props.maxClientEventsPerMinutePerUser ?? derived(60 * maxClientEventsPerSecond),
    maxFramesPerMinute,
    maxFramesPerMinutePerUser: props.maxFramesPerMinutePerUser ?? derived(3 * maxFramesPerMinute),
    maxChannelsPerConnection,
    maxPresenceJoinsPerMinute,
    maxPresenceJoinsPerMinutePerUser: props.maxPresenceJoinsPerMinutePerUser ?? derived(3 * maxPresenceJoinsPerMinute),
    // After a network fault all of them come back at once, and maybe once more.
    maxHandshakesPerMinutePerUser: props.maxHandshakesPerMinutePerUser ?? 2 * maxConnectionsPerUser,
  };
}

/** One plain sentence about the first limit that nobody can keep to, or that limits nothing. */
export function findTrafficFault(props: TrafficProps): string | undefined {
  for (const [name, limit] of Object.entries(settleTrafficLimits(props))) {
    if (!(Number.isInteger(limit) && limit > 0)) {
      return `${name} is ${limit}; it is a whole number above 0, and with none nothing could be said.`;
    }
    const most = name === 'maxChannelsPerConnection' ? mostChannels : mostOfAll;
    if (limit > most) return `${name} is ${limit}; it can be ${most} at most.`;
  }
  return undefined;
}

function derived(limit: number): number {
  return Math.min(limit, mostOfAll);
}
