import { Duration, Token } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { type ConnectionLimit, defaultLimit, findLimitFault } from '../functions/core/connections/connection-limit.ts';
import {
  findHandshakeOptionsFault,
  type ResolvedHandshakeOptions,
  resolveHandshakeOptions,
  type SessionMode,
} from '../functions/core/handshake/handshake-options.ts';
import { findOriginFault } from '../functions/core/handshake/origin.ts';
import { findEndpointFault } from '../functions/core/handshake/session-endpoint.ts';
import { findIdentityFault } from './app-identity.ts';
import type { RateLimit, SessionSocketProps } from './session-socket-props.ts';

/** A prop cannot work or would not be safe. The message is one plain sentence about it. */
export class BadProps extends Error {
  override readonly name = 'BadProps';
}

/** The props with every default in its place. */
export interface SettledProps {
  readonly sessionEndpoint: string;
  readonly allowedOrigins: readonly string[];
  readonly handshake: ResolvedHandshakeOptions;
  readonly sessionTimeout: Duration;
  /** Undefined: PHP is asked in the handshake only. */
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
  /** Undefined: as many as Lambda runs. */
  readonly handshakes: number | undefined;
  /** For open sockets. */
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

/** A small PHP server can spare this many workers beside its pages. */
const defaultChecksAtOnce = 4;
/** A connection's row holds the names of its channels: up to 200 bytes each, in 400 KB. */
const mostChannels = 1000;
/** A higher limit would limit nothing: an account's quota is 600,000 requests in a minute. */
const mostOfAll = 1_000_000;

/** @throws BadProps about the first fault */
export function settleProps(props: SessionSocketProps): SettledProps {
  const fault = findFault(props);
  if (fault !== undefined) throw new BadProps(fault);
  const handshake = resolveHandshakeOptions(props);
  const revalidate = settleRevalidate(handshake.mode, props.revalidate);
  return {
    sessionEndpoint: props.sessionEndpoint,
    allowedOrigins: props.allowedOrigins,
    handshake,
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

/** By default only mode `ticket` asks again, because our own PHP file answers there. */
function settleRevalidate(mode: SessionMode, revalidate: Duration | false | undefined): Duration | undefined {
  if (revalidate !== undefined) return revalidate === false ? undefined : revalidate;
  return mode === 'ticket' ? Duration.minutes(10) : undefined;
}

/**
 * `maxConcurrentSessionChecks` covers handshakes and open sockets together. With repeated checks, one of them is for
 * open sockets.
 */
function shareChecks(max: number | undefined, interval: Duration | undefined): SessionChecks {
  if (max === undefined) return { handshakes: undefined, again: defaultChecksAtOnce };
  return { handshakes: interval === undefined ? max : max - 1, again: 1 };
}

function settleConnectionLimit({ maxConnectionsPerUser, atMaxConnections }: SessionSocketProps): ConnectionLimit {
  return {
    maxConnections: maxConnectionsPerUser ?? defaultLimit.maxConnections,
    atMaxConnections: atMaxConnections ?? defaultLimit.atMaxConnections,
  };
}

/** Derives some limits from others, so that a client within one limit does not exceed another. */
function settleTrafficLimits(props: SessionSocketProps): TrafficLimits {
  const { maxConnections } = settleConnectionLimit(props);
  const maxClientEventsPerSecond = props.maxClientEventsPerSecond ?? 10;
  // Client events are frames too: ten a second would use up 300 frames in half a minute.
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
    // After a network fault all sockets reconnect at once, and may retry once.
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

  const optionsFault = findHandshakeOptionsFault(props) ?? findIdentityFault(props);
  if (optionsFault !== undefined) return optionsFault;

  const timeoutMs = props.sessionTimeout?.toMilliseconds();
  if (timeoutMs !== undefined && (timeoutMs < 100 || timeoutMs > 20_000)) {
    return `sessionTimeout is ${timeoutMs} ms; it must be between 100 ms and 20 s.`;
  }
  const limitFault = findLimitFault(settleConnectionLimit(props));
  if (limitFault !== undefined) return limitFault;
  const checks = props.maxConcurrentSessionChecks;
  if (checks !== undefined && !(Number.isInteger(checks) && checks > 0)) {
    return `maxConcurrentSessionChecks is ${checks}; it must be a whole number above 0, or nobody could connect.`;
  }
  if (checks === 1 && settleRevalidate(resolveHandshakeOptions(props).mode, props.revalidate) !== undefined) {
    return 'maxConcurrentSessionChecks is 1, but handshakes and open sockets need one each; use at least 2, or revalidate=false.';
  }
  const revalidateSeconds = props.revalidate ? props.revalidate.toSeconds() : undefined;
  if (revalidateSeconds !== undefined && (revalidateSeconds < 60 || revalidateSeconds > 7200)) {
    return `revalidate is ${revalidateSeconds} s; it must be between 1 minute and 2 hours, or false for never.`;
  }
  if (props.throttle !== undefined && !(props.throttle.rateLimit > 0 && props.throttle.burstLimit > 0)) {
    return 'throttle needs a rateLimit and a burstLimit above 0, or nobody could connect.';
  }
  if (props.httpThrottle !== undefined && !(props.httpThrottle.rateLimit > 0 && props.httpThrottle.burstLimit > 0)) {
    return 'httpThrottle needs a rateLimit and a burstLimit above 0, or no logout would close a socket.';
  }
  const quota = props.accountRequestQuota;
  if (quota !== undefined && !(quota.rateLimit >= 100 && quota.burstLimit >= 10)) {
    return 'accountRequestQuota needs a rateLimit of at least 100 and a burstLimit of at least 10, or broadcasts would time out.';
  }
  if (props.systemLogLevel !== undefined && !['INFO', 'WARN'].includes(props.systemLogLevel)) {
    return `systemLogLevel is "${props.systemLogLevel}"; use INFO or WARN, or leave it out.`;
  }
  return findTrafficFault(settleTrafficLimits(props));
}

/** @returns a sentence about the first limit that blocks everything, or limits nothing */
function findTrafficFault(limits: TrafficLimits): string | undefined {
  for (const [name, limit] of Object.entries(limits)) {
    if (!(Number.isInteger(limit) && limit > 0)) {
      return `${name} is ${limit}; it must be a whole number above 0.`;
    }
    const most = name === 'maxChannelsPerConnection' ? mostChannels : mostOfAll;
    if (limit > most) return `${name} is ${limit}; it must be at most ${most}.`;
  }
  return undefined;
}

/** CloudFormation fills in tokens during the deployment; the authorizer checks them when it starts. */
function isKnown(value: string): boolean {
  return !Token.isUnresolved(value);
}
