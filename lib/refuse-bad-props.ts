import { Token } from 'aws-cdk-lib';
import { defaultLimit, findLimitFault } from '../functions/core/connections/connection-limit.ts';
import { findOriginFault } from '../functions/core/handshake/origin-fault.ts';
import { findEndpointFault } from '../functions/core/handshake/session-endpoint-fault.ts';
import { settleWayIn } from '../functions/core/handshake/way-in.ts';
import { findWayInFault } from '../functions/core/handshake/way-in-fault.ts';
import { findIdentityFault } from './app-identity.ts';
import { settleRevalidate } from './revalidation.ts';
import type { SessionSocketProps } from './session-socket-props.ts';
import { findTrafficFault } from './traffic-limits.ts';

/** What somebody asked for cannot work or would not be safe. The message is one plain sentence for whoever asked. */
export class BadProps extends Error {
  override readonly name = 'BadProps';
}

/** @throws BadProps about the first fault */
export function refuseBadProps(props: SessionSocketProps): void {
  const fault = findFault(props);
  if (fault !== undefined) throw new BadProps(fault);
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
  const { maxConnectionsPerUser: maxConnections, atMaxConnections } = props;
  const limitFault = findLimitFault({
    maxConnections: maxConnections ?? defaultLimit.maxConnections,
    atMaxConnections: atMaxConnections ?? defaultLimit.atMaxConnections,
  });
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
  return findTrafficFault(props);
}

/** What CloudFormation fills in is not known before the deployment; the authorizer checks it again when it starts. */
function isKnown(value: string): boolean {
  return !Token.isUnresolved(value);
}
