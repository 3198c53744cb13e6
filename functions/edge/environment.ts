import { type ConnectionLimit, findLimitFault, limitChoices } from '../core/connections/connection-limit.ts';
import {
  type ResolvedHandshakeOptions,
  type SessionMode,
  sessionChecks,
  sessionModes,
  tokenSources,
} from '../core/handshake/handshake-options.ts';
import { isOrigin, type OriginPolicy } from '../core/handshake/origin.ts';
import { maySendTo } from '../core/handshake/session-endpoint.ts';
import type { Variable } from './environment-variables.ts';
import type { AwsCredentials } from './sigv4.ts';

/** How to ask PHP. */
export interface SessionEndpointSettings {
  /** Absolute and final: redirects are not followed. */
  readonly endpoint: URL;
  readonly mode: SessionMode;
  readonly timeoutMs: number;
}

/** Pusher's app id and key, and the ARN of the secret. */
export interface CredentialsSettings {
  readonly appId: string;
  readonly key: string;
  readonly secretArn: string;
}

export interface AuthorizerSettings extends SessionEndpointSettings, OriginPolicy, ResolvedHandshakeOptions {
  readonly revalidateSeconds: number | undefined;
}

/** @throws Error with the variable's name when one is missing or makes no sense */
export function readAuthorizerSettings(): AuthorizerSettings {
  const asking = readSessionEndpointSettings();
  const tokenFrom = readOneOf('TOKEN_FROM', tokenSources);
  const sessionCheck = readOneOf('SESSION_CHECK', sessionChecks);

  const allowedOrigins = read('ALLOWED_ORIGINS').split(' ');
  const invalid = allowedOrigins.find((each) => !isOrigin(each));
  if (invalid !== undefined) throw new Error(`ALLOWED_ORIGINS contains "${invalid}", which is not an origin.`);

  return {
    ...asking,
    tokenFrom,
    sessionCheck,
    cookieName: read('COOKIE_NAME'),
    cookies: read('COOKIES').split(' '),
    allowedOrigins,
    // Browsers send cookies from every page, so only Origin tells the app's page from others.
    allowMissingOrigin: asking.mode !== 'cookie' && read('ALLOW_MISSING_ORIGIN') === 'yes',
    revalidateSeconds: readRevalidateSeconds(),
  };
}

/** @throws Error with the variable's name when one is missing or makes no sense */
export function readSessionEndpointSettings(): SessionEndpointSettings {
  const text = read('SESSION_ENDPOINT');
  const endpoint = URL.canParse(text) ? new URL(text) : undefined;
  if (endpoint === undefined || !maySendTo(endpoint))
    throw new Error('SESSION_ENDPOINT must be an https or loopback URL.');
  return {
    endpoint,
    mode: readOneOf('SESSION_MODE', sessionModes),
    timeoutMs: readNumber('SESSION_TIMEOUT_MS'),
  };
}

/** @throws Error with the variable's name when one is missing */
export function readCredentialsSettings(): CredentialsSettings {
  return { appId: read('APP_ID'), key: read('KEY'), secretArn: read('CREDENTIALS_SECRET_ARN') };
}

/**
 * Undefined: PHP is asked in the handshake only.
 * @throws Error with the variable's name when it makes no sense
 */
export function readRevalidateSeconds(): number | undefined {
  return readOptional('REVALIDATE_SECONDS') === undefined ? undefined : readNumber('REVALIDATE_SECONDS');
}

/** @throws Error with the variable's name when one is missing or makes no sense */
export function readConnectionLimit(): ConnectionLimit {
  const limit = {
    maxConnections: Number(read('MAX_CONNECTIONS')),
    atMaxConnections: readOneOf('AT_MAX_CONNECTIONS', limitChoices),
  };
  const fault = findLimitFault(limit);
  if (fault !== undefined) throw new Error(`MAX_CONNECTIONS: ${fault}`);
  return limit;
}

/** @throws Error with the variable's name when one is missing */
export function readConnectionTables() {
  return { connections: read('CONNECTIONS_TABLE'), owners: read('OWNERS_TABLE') };
}

/** Lambda's own variables, for the only AWS call without an SDK. */
export interface AwsSettings {
  readonly region: string;
  readonly credentials: AwsCredentials;
  readonly secretsManagerUrl: URL;
}

/** @throws Error with the variable's name when one is missing */
export function readAwsSettings(): AwsSettings {
  const region = read('AWS_REGION');
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return {
    region,
    credentials: readAwsCredentials(),
    // The variable with which every AWS SDK uses another endpoint:
    // https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    secretsManagerUrl: new URL(
      readOptional('AWS_ENDPOINT_URL_SECRETS_MANAGER') ?? `https://secretsmanager.${region}.${domain}`,
    ),
  };
}

/** The @connections API of our stage, and the credentials for its requests. */
export interface ConnectionsApiSettings {
  readonly callbackUrl: string;
  readonly region: string;
  readonly credentials: AwsCredentials;
}

/** @throws Error with the variable's name when one is missing */
export function readConnectionsApiSettings(): ConnectionsApiSettings {
  return { callbackUrl: read('CALLBACK_URL'), region: read('AWS_REGION'), credentials: readAwsCredentials() };
}

/**
 * Lambda sets them when an environment starts, and they do not change
 * (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime).
 */
function readAwsCredentials(): AwsCredentials {
  return {
    accessKeyId: read('AWS_ACCESS_KEY_ID'),
    secretAccessKey: read('AWS_SECRET_ACCESS_KEY'),
    sessionToken: readOptional('AWS_SESSION_TOKEN'),
  };
}

/** @throws Error with the variable's name when one is missing or makes no sense */
export function readBroadcastSettings() {
  const quota = { burst: readNumber('POST_BURST'), rate: readNumber('POST_RATE') };
  return { deliverFunction: readOptional('DELIVER_FUNCTION') ?? read('AWS_LAMBDA_FUNCTION_NAME'), quota };
}

/** @throws Error with the variable's name when it is missing or empty */
export function read(name: Variable): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`The environment variable ${name} is not set.`);
  return value;
}

/** @throws Error with the variable's name when it is missing or no number above 0 */
export function readNumber(name: Variable): number {
  const value = Number(read(name));
  if (!(value > 0)) throw new Error(`${name} must be a number above 0.`);
  return value;
}

function readOneOf<Known extends string>(name: Variable, known: readonly Known[]): Known {
  const value = known.find((each) => each === read(name));
  if (value === undefined) throw new Error(`${name} must be one of ${known.join(', ')}.`);
  return value;
}

/** Reads a variable that may be missing. */
export function readOptional(name: Variable): string | undefined {
  return process.env[name] || undefined;
}
