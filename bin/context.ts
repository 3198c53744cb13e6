import { Duration } from 'aws-cdk-lib';
import {
  BadProps,
  type LimitChoice,
  type RateLimit,
  type SessionCheck,
  type SessionMode,
  type SessionSocket,
  type SessionSocketProps,
  type SessionSocketStackProps,
  type TokenSource,
} from '../lib/index.ts';

type Lookup = (name: string) => unknown;

/** All names that `-c` accepts. */
export const options = [
  'accountRequestQuota',
  'alarmTopicArn',
  'allowMissingOrigin',
  'allowedOrigins',
  'appId',
  'atMaxConnections',
  'cloudWatchRole',
  'cookieName',
  'cookies',
  'hello',
  'httpThrottle',
  'key',
  'maxChannelsPerConnection',
  'maxClientEventsPerMinutePerUser',
  'maxClientEventsPerSecond',
  'maxConcurrentSessionChecks',
  'maxConnectionsPerUser',
  'maxFramesPerMinute',
  'maxFramesPerMinutePerUser',
  'maxHandshakesPerMinutePerUser',
  'maxPresenceJoinsPerMinute',
  'maxPresenceJoinsPerMinutePerUser',
  'mode',
  'revalidate',
  'sessionCheck',
  'sessionEndpoint',
  'sessionTimeoutMs',
  'stackName',
  'systemLogLevel',
  'throttle',
  'tokenFrom',
] as const;

type SystemLogLevel = NonNullable<SessionSocketProps['systemLogLevel']>;

type Option = (typeof options)[number];

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html */
const stackName = /^[A-Za-z][A-Za-z0-9-]{0,127}$/;

/**
 * `-c stackName=…` allows several gateways in one account and region.
 * @throws BadProps
 */
export function readStackName(lookup: Lookup): string {
  const name = lookup('stackName') ?? 'SessionSocket';
  if (typeof name === 'string' && stackName.test(name)) return name;
  throw new BadProps(`stackName "${name}" is not a valid stack name. Use letters, digits and -, with a letter first.`);
}

/**
 * CDK accepts any context name, so a limit with a mistyped name would silently not apply.
 * @param names all names in the context; CDK's own names contain more than letters
 * @throws BadProps
 */
export function refuseUnknownOptions(names: readonly string[]): void {
  const unknown = names.find((name) => /^[A-Za-z]+$/.test(name) && !options.some((option) => option === name));
  if (unknown === undefined) return;
  throw new BadProps(`Unknown option ${unknown}. Use ${options.join(', ')}.`);
}

/** Whether both required options are missing, as in a command that deploys nothing. */
export function hasNoRequiredOption(lookup: Lookup): boolean {
  return lookup('sessionEndpoint') === undefined && lookup('allowedOrigins') === undefined;
}

/**
 * Forgetting `-c mode=…` on a later deploy would silently change how clients authenticate.
 * @param lookup reads the context
 * @returns a sentence, or undefined if both options are set
 */
export function describeUnsetOptions(
  { mode, tokenFrom }: Pick<SessionSocket, 'mode' | 'tokenFrom'>,
  lookup: Lookup,
): string | undefined {
  const unset = ['mode', 'tokenFrom'].filter((option) => lookup(option) === undefined);
  if (unset.length === 0) return undefined;
  return `session-socket: mode is ${mode}, tokenFrom is ${tokenFrom}. Neither -c nor cdk.json sets ${unset.join(' and ')}; a stack deployed with another value will change. npx cdk diff shows the change.`;
}

/**
 * Reads props from CDK context, where command-line values are strings.
 * @throws BadProps with a sentence about the first invalid value
 */
export function readContext(lookup: Lookup): SessionSocketProps & Pick<SessionSocketStackProps, 'alarmTopicArn'> {
  const [sessionEndpoint, allowedOrigins] = [lookup('sessionEndpoint'), lookup('allowedOrigins')];
  if (typeof sessionEndpoint !== 'string') {
    throw new BadProps(
      'The option sessionEndpoint is missing: -c sessionEndpoint=https://app.example.com/getSessionID',
    );
  }
  if (typeof allowedOrigins !== 'string' && !Array.isArray(allowedOrigins)) {
    throw new BadProps(
      'The option allowedOrigins is missing: -c allowedOrigins=https://app.example.com (separate several with commas)',
    );
  }
  return {
    sessionEndpoint,
    allowedOrigins: readList(allowedOrigins) ?? [],
    // The construct validates these values.
    ...maybe('mode', readText(lookup, 'mode') as SessionMode | undefined),
    ...maybe('tokenFrom', readText(lookup, 'tokenFrom') as TokenSource | undefined),
    ...maybe('sessionCheck', readText(lookup, 'sessionCheck') as SessionCheck | undefined),
    ...maybe('cookieName', readText(lookup, 'cookieName')),
    ...maybe('cookies', readList(lookup('cookies'))),
    ...maybe('sessionTimeout', readMilliseconds(lookup, 'sessionTimeoutMs')),
    ...maybe('allowMissingOrigin', readSwitch(lookup, 'allowMissingOrigin')),
    ...maybe('maxConnectionsPerUser', readNumber(lookup, 'maxConnectionsPerUser')),
    ...maybe('maxHandshakesPerMinutePerUser', readNumber(lookup, 'maxHandshakesPerMinutePerUser')),
    ...maybe('atMaxConnections', readText(lookup, 'atMaxConnections') as LimitChoice | undefined),
    ...maybe('accountRequestQuota', readRate(lookup, 'accountRequestQuota')),
    ...maybe('throttle', readRate(lookup, 'throttle')),
    ...maybe('httpThrottle', readRate(lookup, 'httpThrottle')),
    ...maybe('maxConcurrentSessionChecks', readNumber(lookup, 'maxConcurrentSessionChecks')),
    ...maybe('revalidate', readRevalidate(lookup)),
    ...maybe('maxFramesPerMinute', readNumber(lookup, 'maxFramesPerMinute')),
    ...maybe('maxFramesPerMinutePerUser', readNumber(lookup, 'maxFramesPerMinutePerUser')),
    ...maybe('maxClientEventsPerSecond', readNumber(lookup, 'maxClientEventsPerSecond')),
    ...maybe('maxClientEventsPerMinutePerUser', readNumber(lookup, 'maxClientEventsPerMinutePerUser')),
    ...maybe('maxPresenceJoinsPerMinute', readNumber(lookup, 'maxPresenceJoinsPerMinute')),
    ...maybe('maxPresenceJoinsPerMinutePerUser', readNumber(lookup, 'maxPresenceJoinsPerMinutePerUser')),
    ...maybe('maxChannelsPerConnection', readNumber(lookup, 'maxChannelsPerConnection')),
    ...maybe('appId', readText(lookup, 'appId')),
    ...maybe('key', readText(lookup, 'key')),
    ...maybe('hello', readSwitch(lookup, 'hello')),
    ...maybe('systemLogLevel', readText(lookup, 'systemLogLevel') as SystemLogLevel | undefined),
    ...maybe('cloudWatchRole', readSwitch(lookup, 'cloudWatchRole')),
    ...maybe('alarmTopicArn', readTopicArn(lookup)),
  };
}

function readText(lookup: Lookup, name: Option): string | undefined {
  const value = lookup(name);
  return value === undefined ? undefined : String(value);
}

/** Comma-separated on the command line, a list in cdk.json. */
function readList(value: unknown): string[] | undefined {
  if (value === undefined) return undefined;
  const items = Array.isArray(value) ? value.map(String) : String(value).split(',');
  return items.map((item) => item.trim()).filter((item) => item !== '');
}

function readNumber(lookup: Lookup, name: Option): number | undefined {
  const text = readText(lookup, name);
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) throw new BadProps(`${name} must be a whole number, not "${text}".`);
  return Number(text);
}

function readRate(lookup: Lookup, name: Option): RateLimit | undefined {
  const text = readText(lookup, name);
  if (text === undefined) return undefined;
  const [, rate, burst] = /^(\d+),(\d+)$/.exec(text) ?? [];
  if (rate !== undefined && burst !== undefined) return { rateLimit: Number(rate), burstLimit: Number(burst) };
  throw new BadProps(
    `${name} must be two whole numbers, rate per second and burst, such as 10000,5000, not "${text}".`,
  );
}

function readTopicArn(lookup: Lookup): string | undefined {
  const text = readText(lookup, 'alarmTopicArn');
  if (text === undefined || /^arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:[\w-]+$/.test(text)) return text;
  throw new BadProps(
    `alarmTopicArn must be an SNS topic ARN, such as arn:aws:sns:eu-central-1:123456789012:night, not "${text}".`,
  );
}

function readMilliseconds(lookup: Lookup, name: Option): Duration | undefined {
  const text = readText(lookup, name);
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) throw new BadProps(`${name} must be a whole number of milliseconds, not "${text}".`);
  return Duration.millis(Number(text));
}

function readRevalidate(lookup: Lookup): Duration | false | undefined {
  const text = readText(lookup, 'revalidate');
  if (text === undefined) return undefined;
  if (text === 'false') return false;
  if (!/^\d{1,4}$/.test(text))
    throw new BadProps(`revalidate must be false or a whole number of minutes, not "${text}".`);
  return Duration.minutes(Number(text));
}

function readSwitch(lookup: Lookup, name: Option): boolean | undefined {
  const text = readText(lookup, name);
  if (text === undefined) return undefined;
  if (text === 'true') return true;
  if (text === 'false') return false;
  throw new BadProps(`${name} must be true or false, not "${text}".`);
}

function maybe<Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]: Value });
}
