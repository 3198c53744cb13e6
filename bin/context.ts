import { Duration } from 'aws-cdk-lib';
import type { SessionSocketProps } from '../lib/index.ts';

type Lookup = (name: string) => unknown;

/**
 * Props from CDK context, where everything typed on a command line is a string.
 * @throws Error with one plain sentence about the first value that cannot be read
 */
export function readContext(lookup: Lookup): SessionSocketProps {
  const [sessionEndpoint, allowedOrigins] = [lookup('sessionEndpoint'), lookup('allowedOrigins')];
  if (typeof sessionEndpoint !== 'string') {
    throw new Error('Say who knows the sessions: -c sessionEndpoint=https://app.example.com/getSessionID');
  }
  if (typeof allowedOrigins !== 'string' && !Array.isArray(allowedOrigins)) {
    throw new Error('Say which pages may connect: -c allowedOrigins=https://app.example.com (several with commas)');
  }
  const origins = Array.isArray(allowedOrigins) ? allowedOrigins.map(String) : allowedOrigins.split(',');
  const sessionTimeoutMs = lookup('sessionTimeoutMs');
  return {
    sessionEndpoint,
    allowedOrigins: origins.map((origin) => origin.trim()).filter((origin) => origin !== ''),
    ...maybe('mode', lookup('mode') as SessionSocketProps['mode']),
    ...maybe('cookieName', lookup('cookieName') as string | undefined),
    ...maybe('sessionTimeout', sessionTimeoutMs === undefined ? undefined : Duration.millis(Number(sessionTimeoutMs))),
    ...maybe('allowMissingOrigin', readSwitch(lookup, 'allowMissingOrigin')),
    ...maybe('hello', readSwitch(lookup, 'hello')),
    ...maybe('cloudWatchRole', readSwitch(lookup, 'cloudWatchRole')),
  };
}

function readSwitch(lookup: Lookup, name: string): boolean | undefined {
  const value = lookup(name);
  if (value === undefined) return undefined;
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw new Error(`${name} is either true or false, not "${value}".`);
}

function maybe<Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]: Value });
}
