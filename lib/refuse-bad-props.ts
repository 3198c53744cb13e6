import { Token } from 'aws-cdk-lib';
import { findOriginFault } from '../functions/core/origin.ts';
import { sessionModes } from '../functions/core/session.ts';
import { findEndpointFault } from '../functions/core/session-endpoint.ts';
import type { SessionSocketProps } from './session-socket-props.ts';

/** What somebody asked for cannot work or would not be safe. The message is one plain sentence for whoever asked. */
export class BadProps extends Error {
  override readonly name = 'BadProps';
}

/** A cookie name by RFC 6265 (https://www.rfc-editor.org/rfc/rfc6265#section-4.1.1). */
const cookieName = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

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

  if (props.mode !== undefined && !sessionModes.includes(props.mode)) {
    return `mode "${props.mode}" is not known; it is one of ${sessionModes.join(', ')}.`;
  }
  if (props.cookieName !== undefined && !cookieName.test(props.cookieName)) {
    return `cookieName "${props.cookieName}" is not the name of a cookie.`;
  }
  const timeoutMs = props.sessionTimeout?.toMilliseconds();
  if (timeoutMs !== undefined && (timeoutMs < 100 || timeoutMs > 20_000)) {
    return `sessionTimeout is ${timeoutMs} ms; it must be between 100 ms and 20 s.`;
  }
  if (props.throttle !== undefined && !(props.throttle.rateLimit > 0 && props.throttle.burstLimit > 0)) {
    return 'throttle needs a rateLimit and a burstLimit above 0; with less, nobody could connect.';
  }
  return undefined;
}

/** What CloudFormation fills in is not known before the deployment; the authorizer checks it again when it starts. */
function isKnown(value: string): boolean {
  return !Token.isUnresolved(value);
}
