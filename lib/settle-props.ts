import { Duration, Token } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { type ConnectionLimit, defaultLimit, findLimitFault } from '../functions/core/connections/connection-limit.ts';
import { findOriginFault } from '../functions/core/handshake/origin-fault.ts';
import type { SessionMode } from '../functions/core/handshake/session.ts';
import { findEndpointFault } from '../functions/core/handshake/session-endpoint-fault.ts';
import { type SettledWayIn, settleWayIn } from '../functions/core/handshake/way-in.ts';
import { findWayInFault } from '../functions/core/handshake/way-in-fault.ts';
import { findIdentityFault } from './app-identity.ts';
import type { RateLimit, SessionSocketProps } from './session-socket-props.ts';

/** What somebody asked for cannot work or would not be safe. The message is one plain sentence for whoever asked. */
export class BadProps extends Error {
  override readonly name = 'BadProps';
}

/** The props with every default in its place. */
export interface SettledProps {
  readonly sessionEndpoint: string;
  readonly allowedOrigins: readonly string[];
  readonly wayIn: SettledWayIn;
  readonly sessionTimeout: Duration;
  /** Undefined where PHP is asked in the handshake only. */
  readonly revalidate: Duration | undefined;
  readonly sessionChecks: SessionChecks;
  readonly connectionLimit: ConnectionLimit;
  readonly traffic: TrafficLimits;
  readonly throttle: RateLimit;
  readonly httpThrottle: RateLimit;
  readonly accountRequestQuota: RateLimit;
  readonly hello: boolean;
  readonly cloudWatchRole: boolean;
  readonly logRetention: RetentionDays;
  readonly systemLogLevel: SessionSocketProps['systemLogLevel'];
}

/** How many session checks PHP is asked at the same time. */
export interface SessionChecks {
  /** As many as Lambda runs, without it. */
  readonly handshakes: number | undefined;
  /** About sockets that are open. */
  readonly again: number;
}

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

/** Questions to PHP at the same time when nothing was said: what a small one has to spare beside its pages. */
const usuallyAtOnce = 4;
/** Of the names of more, a connection's row could not hold all: it has 400 KB, and a name up to 200 bytes. */
const mostChannels = 1000;
/** Above it nothing would be limited: AWS gives an account 600,000 requests in a minute. */
const mostOfAll = 1_000_000;

/** @throws BadProps about the first fault */
export function settleProps(props: SessionSocketProps): SettledProps {
  const fault = findFault(props);
  if (fault !== undefined) throw new BadProps(fault);
  const wayIn = settleWayIn(props);
  const revalidate = settleRevalidate(wayIn.mode, props.revalidate);
  return {
    sessionEndpoint: props.sessionEndpoint,
    allowedOrigins: props.allowedOrigins,
    wayIn,
    sessionTimeout: props.sessionTimeout ?? Duration.millis(2500),
    revalidate,
    sessionChecks: shareChecks(props.maxConcurrentSessionChecks, revalidate),
    connectionLimit: settleConnectionLimit(props),
    traffic: settleTrafficLimits(props),
    throttle: props.throttle ?? { rateLimit: 2000, burstLimit: 1000 },
    httpThrottle: props.httpThrottle ?? { rateLimit: 500, burstLimit: 250 },
    accountRequestQuota: props.accountRequestQuota ?? { rateLimit: 10_000, burstLimit: 5_000 },
    hello: props.hello === true,
    cloudWatchRole: props.cloudWatchRole ?? true,
    logRetention: props.logRetention ?? RetentionDays.ONE_MONTH,
    systemLogLevel: props.systemLogLevel,
  };
}

/** The default asks again only where our own file answers for PHP. */
function settleRevalidate(mode: SessionMode, revalidate: Duration | false | undefined): Duration | undefined {
  if (revalidate !== undefined) return revalidate === false ? undefined : revalidate;
  return mode === 'ticket' ? Duration.minutes(10) : undefined;
}

/**
 * `maxConcurrentSessionChecks` is for handshakes and for sockets that are open together: where sessions are asked about again, one of
 * them is for that.
 */
function shareChecks(max: number | undefined, interval: Duration | undefined): SessionChecks {
  if (max === undefined) return { handshakes: undefined, again: usuallyAtOnce };
  return { handshakes: interval === undefined ? max : max - 1, again: 1 };
}

function settleConnectionLimit({ maxConnectionsPerUser, atMaxConnections }: SessionSocketProps): ConnectionLimit {
  return {
    maxConnections: maxConnectionsPerUser ?? defaultLimit.maxConnections,
    atMaxConnections: atMaxConnections ?? defaultLimit.atMaxConnections,
  };
}

/** Some follow from others, so that a client at one limit does not meet another. */
function settleTrafficLimits(props: SessionSocketProps): TrafficLimits {
  const { maxConnections } = settleConnectionLimit(props);
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
    maxHandshakesPerMinutePerUser: props.maxHandshakesPerMinutePerUser ?? 2 * maxConnections,
  };
}

function derived(limit: number): number {
  return Math.min(limit, mostOfAll);
}

function findFault(props: SessionSocketProps): string | undefined {
  const endpointFault = isKnown(props.sessionEndpoint) ? findEndpointFault(props.sessionEndpoint) : undefined;
  if (endpointFault !== undefined) return endpointFault;

  if (props.allowedOrigins.length === 0) {
    return 'allowedOrigins is empty: name at least the origin of your own pages, such as https://app.example.com.';
  }
  const originFault = props.allowedOrigins
    .filter(isKnown)
    .map(findOriginFault)
    .find((found) => found !== undefined);
  if (originFault !== undefined) return `allowedOrigins: ${originFault}`;

  const wayInFault = findWayInFault(props) ?? findIdentityFault(props);
  if (wayInFault !== undefined) return wayInFault;

  const timeoutMs = props.sessionTimeout?.toMilliseconds();
  if (timeoutMs !== undefined && (timeoutMs < 100 || timeoutMs > 20_000)) {
    return `sessionTimeout is ${timeoutMs} ms; it must be between 100 ms and 20 s.`;
  }
  const limitFault = findLimitFault(settleConnectionLimit(props));
  if (limitFault !== undefined) return limitFault;
  const checks = props.maxConcurrentSessionChecks;
  if (checks !== undefined && !(Number.isInteger(checks) && checks > 0)) {
    return `maxConcurrentSessionChecks is ${checks}; it is a whole number above 0, and with none nobody could connect.`;
  }
  if (checks === 1 && settleRevalidate(settleWayIn(props).mode, props.revalidate) !== undefined) {
    return 'maxConcurrentSessionChecks is 1, and of two kinds of checks each needs one; say 2, or revalidate=false.';
  }
  const revalidateSeconds = props.revalidate ? props.revalidate.toSeconds() : undefined;
  if (revalidateSeconds !== undefined && (revalidateSeconds < 60 || revalidateSeconds > 7200)) {
    return `revalidate is ${revalidateSeconds} s; it must be between 1 minute and 2 hours, or false for never.`;
  }
  if (props.throttle !== undefined && !(props.throttle.rateLimit > 0 && props.throttle.burstLimit > 0)) {
    return 'throttle needs a rateLimit and a burstLimit above 0; with less, nobody could connect.';
  }
  if (props.httpThrottle !== undefined && !(props.httpThrottle.rateLimit > 0 && props.httpThrottle.burstLimit > 0)) {
    return 'httpThrottle needs a rateLimit and a burstLimit above 0; with less, no logout would close a socket.';
  }
  const quota = props.accountRequestQuota;
  if (quota !== undefined && !(quota.rateLimit >= 100 && quota.burstLimit >= 10)) {
    return 'accountRequestQuota needs a rateLimit of at least 100 and a burstLimit of at least 10; with less, a broadcast would outlive its workers.';
  }
  if (props.systemLogLevel !== undefined && !['INFO', 'WARN'].includes(props.systemLogLevel)) {
    return `systemLogLevel is "${props.systemLogLevel}"; it is INFO or WARN, or left out.`;
  }
  return findTrafficFault(settleTrafficLimits(props));
}

/** About the first limit that nobody can keep to, or that limits nothing. */
function findTrafficFault(limits: TrafficLimits): string | undefined {
  for (const [name, limit] of Object.entries(limits)) {
    if (!(Number.isInteger(limit) && limit > 0)) {
      return `${name} is ${limit}; it is a whole number above 0, and with none nothing could be said.`;
    }
    const most = name === 'maxChannelsPerConnection' ? mostChannels : mostOfAll;
    if (limit > most) return `${name} is ${limit}; it can be ${most} at most.`;
  }
  return undefined;
}

/** What CloudFormation fills in is not known before the deployment; the authorizer checks it again when it starts. */
function isKnown(value: string): boolean {
  return !Token.isUnresolved(value);
}
