import type { LimitChoice } from '../core/connections/connection-limit.ts';
import type { SessionCheck, SessionMode, TokenSource } from '../core/handshake/handshake-options.ts';

/** The variables of each function. The construct sets them with `satisfies`, so none can be forgotten. */
export interface CredentialsEnvironment {
  readonly APP_ID: string;
  readonly KEY: string;
  readonly CREDENTIALS_SECRET_ARN: string;
}

export interface PhpEnvironment extends CredentialsEnvironment {
  readonly SESSION_ENDPOINT: string;
  readonly SESSION_MODE: SessionMode;
  readonly SESSION_TIMEOUT_MS: string;
  /** Used in the modes whose token is a session id. */
  readonly COOKIE_NAME: string;
}

export interface RevalidationEnvironment {
  /** After how many seconds PHP is asked again while a socket is open. Unset: never. */
  readonly REVALIDATE_SECONDS?: string;
}

export interface AuthorizerEnvironment extends PhpEnvironment, RevalidationEnvironment {
  readonly TOKEN_FROM: TokenSource;
  readonly SESSION_CHECK: SessionCheck;
  /** Names, separated by blanks; used in mode `cookie`. */
  readonly COOKIES: string;
  /** Separated by blanks, which no origin contains. */
  readonly ALLOWED_ORIGINS: string;
  readonly ALLOW_MISSING_ORIGIN: 'yes' | 'no';
}

/** For each function that reads or writes connections. */
export interface RegistryEnvironment {
  readonly CONNECTIONS_TABLE: string;
  /** The connections that a session or a user owns. */
  readonly OWNERS_TABLE: string;
}

export interface ConnectEnvironment extends RegistryEnvironment, RevalidationEnvironment {
  readonly REVOCATIONS_TABLE: string;
  readonly DELIVER_FUNCTION: string;
  readonly REVALIDATE_FUNCTION: string;
  /** For one principal. */
  readonly MAX_CONNECTIONS: string;
  readonly AT_MAX_CONNECTIONS: LimitChoice;
  readonly HANDSHAKES_PER_MINUTE_PER_USER: string;
  /**
   * The table of claims, in every mode: it counts handshakes of frequent users, and claims waits for the ends of
   * sessions.
   */
  readonly COUNTERS_TABLE: string;
  /** Only when hello is on. */
  readonly TICK_FUNCTION?: string;
  /** Only in mode `ticket`: it marks tickets as used. */
  readonly CLAIMS_TABLE?: string;
  /** Only if tickets come as a sub-protocol: the sub-protocol of the answer. */
  readonly SUBPROTOCOL?: string;
}

export interface PostEnvironment extends RegistryEnvironment {
  /** The endpoint of @connections: `https://{api}.execute-api.{region}.amazonaws.com/{stage}`. */
  readonly CALLBACK_URL: string;
}

/** For each function that broadcasts on channels or ends connections: channels announce members that leave. */
export interface ChannelsEnvironment extends PostEnvironment {
  readonly SUBSCRIPTIONS_TABLE: string;
  readonly MEMBERS_TABLE: string;
  readonly DELIVER_FUNCTION: string;
  /** How many posts all workers of a broadcast together may send at once, and then in a second. */
  readonly POST_BURST: string;
  readonly POST_RATE: string;
}

/**
 * `deliver` starts itself. It gets its name from Lambda, because in the template that would be a circular reference.
 */
export interface DeliverEnvironment extends Omit<ChannelsEnvironment, 'DELIVER_FUNCTION'> {
  readonly CLAIMS_TABLE: string;
}

export interface MessageEnvironment extends ChannelsEnvironment, CredentialsEnvironment {
  /** It counts the frames of connections and users that send many. */
  readonly CLAIMS_TABLE: string;
  readonly REVOCATIONS_TABLE: string;
  readonly FRAMES_PER_MINUTE: string;
  readonly FRAMES_PER_MINUTE_PER_USER: string;
  readonly CLIENT_EVENTS_PER_SECOND: string;
  readonly CLIENT_EVENTS_PER_MINUTE_PER_USER: string;
  readonly PRESENCE_JOINS_PER_MINUTE: string;
  readonly PRESENCE_JOINS_PER_MINUTE_PER_USER: string;
  readonly CHANNELS_PER_CONNECTION: string;
}

export interface TickEnvironment extends PostEnvironment {
  readonly CLAIMS_TABLE: string;
}

/** With all of PHP's variables, or with none of them. Without them only sessions with a known end are closed. */
export interface RevalidateEnvironment extends ChannelsEnvironment, Partial<PhpEnvironment>, RevalidationEnvironment {
  readonly CLAIMS_TABLE: string;
  readonly REVOCATIONS_TABLE: string;
  /** How many questions to ask PHP at the same time. Unset if PHP is not asked again. */
  readonly CHECKS_AT_ONCE?: string;
}

export interface PublishEnvironment extends ChannelsEnvironment, CredentialsEnvironment, RevalidationEnvironment {
  /** It stores the answers to requests with an Idempotency-Key, and marks tickets as used. */
  readonly CLAIMS_TABLE: string;
  readonly REVOCATIONS_TABLE: string;
}

type LambdaVariable =
  | 'AWS_REGION'
  | 'AWS_ACCESS_KEY_ID'
  | 'AWS_SECRET_ACCESS_KEY'
  | 'AWS_SESSION_TOKEN'
  | 'AWS_LAMBDA_FUNCTION_NAME'
  | 'AWS_ENDPOINT_URL_SECRETS_MANAGER';

export type Variable =
  | keyof (AuthorizerEnvironment & ConnectEnvironment & MessageEnvironment & PublishEnvironment & RevalidateEnvironment)
  | LambdaVariable;
