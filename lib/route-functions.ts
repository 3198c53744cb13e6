import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { subprotocol } from '../functions/edge/authorizer-event.ts';
import { calls } from '../functions/edge/dynamodb/permissions.ts';
import type {
  AuthorizerEnvironment,
  ChannelsEnvironment,
  ConnectEnvironment,
  CredentialsEnvironment,
  MessageEnvironment,
  PhpEnvironment,
  PublishEnvironment,
} from '../functions/edge/environment-variables.ts';
import type { Channels } from './channels.ts';
import type { ConnectionTables } from './connection-tables.ts';
import { writeRevalidation } from './scheduled-functions.ts';
import type { SettledProps } from './settle-props.ts';
import type { SocketApi } from './socket-api.ts';
import { type FunctionLogging, SocketFunction } from './socket-function.ts';

/** The parts of the functions behind the routes of both APIs. */
interface Parts {
  readonly settled: SettledProps;
  readonly php: PhpEnvironment;
  readonly credentials: CredentialsEnvironment;
  readonly tables: ConnectionTables;
  readonly api: SocketApi;
  readonly channels: Channels;
  readonly revalidate: SocketFunction;
  readonly tick: SocketFunction | undefined;
  readonly logging: FunctionLogging;
}

export function createAuthorizer(
  scope: Construct,
  { settled, php, logging }: Pick<Parts, 'settled' | 'php' | 'logging'>,
): SocketFunction {
  const { handshake, allowedOrigins, sessionTimeout, revalidate, sessionChecks } = settled;
  const authorizer = new SocketFunction(scope, 'Authorizer', {
    entry: 'authorizer',
    description: 'Asks PHP whose session opens a socket',
    environment: {
      ...php,
      ...writeRevalidation(revalidate),
      TOKEN_FROM: handshake.tokenFrom,
      SESSION_CHECK: handshake.sessionCheck,
      COOKIES: handshake.cookies.join(' '),
      ALLOWED_ORIGINS: allowedOrigins.join(' '),
      ALLOW_MISSING_ORIGIN: handshake.allowMissingOrigin ? 'yes' : 'no',
    } satisfies AuthorizerEnvironment,
    // More than PHP and Secrets Manager may take, so a slow answer ends in our own error and not in a killed function.
    timeout: Duration.seconds(Math.ceil(sessionTimeout.toMilliseconds() / 1000) + 5),
    memorySize: 512,
    maxConcurrency: sessionChecks.handshakes,
    logging,
  });
  authorizer.allow('secretsmanager:GetSecretValue', php.CREDENTIALS_SECRET_ARN);
  return authorizer;
}

export function createConnect(
  scope: Construct,
  {
    settled,
    tables,
    channels,
    revalidate,
    tick,
    logging,
  }: Pick<Parts, 'settled' | 'tables' | 'channels' | 'revalidate' | 'tick' | 'logging'>,
): SocketFunction {
  const { handshake, connectionLimit, traffic } = settled;
  const { deliver } = channels;
  const connect = new SocketFunction(scope, 'Connect', {
    entry: 'connect',
    description: 'Registers a connection',
    environment: {
      ...tables.registry,
      REVOCATIONS_TABLE: tables.revocations.tableName,
      DELIVER_FUNCTION: deliver.lambda.functionName,
      REVALIDATE_FUNCTION: revalidate.lambda.functionName,
      MAX_CONNECTIONS: String(connectionLimit.maxConnections),
      AT_MAX_CONNECTIONS: connectionLimit.atMaxConnections,
      HANDSHAKES_PER_MINUTE_PER_USER: String(traffic.maxHandshakesPerMinutePerUser),
      COUNTERS_TABLE: tables.claims.tableName,
      ...(tick === undefined ? {} : { TICK_FUNCTION: tick.lambda.functionName }),
      ...(handshake.mode === 'ticket' ? { CLAIMS_TABLE: tables.claims.tableName } : {}),
      ...(handshake.tokenFrom === 'subprotocol' ? { SUBPROTOCOL: subprotocol } : {}),
      ...writeRevalidation(settled.revalidate),
    } satisfies ConnectEnvironment,
    timeout: Duration.seconds(10),
    memorySize: 512,
    logging,
  });
  tables.allow(connect, calls.connect);
  for (const { lambda } of [deliver, revalidate]) connect.allow('lambda:InvokeFunction', lambda.functionArn);
  if (tick !== undefined) connect.allow('lambda:InvokeFunction', tick.lambda.functionArn);
  return connect;
}

export function createMessage(
  scope: Construct,
  {
    settled,
    credentials,
    tables,
    api,
    channels,
    logging,
  }: Pick<Parts, 'settled' | 'credentials' | 'tables' | 'api' | 'channels' | 'logging'>,
): SocketFunction {
  const { traffic } = settled;
  const message = new SocketFunction(scope, 'Message', {
    entry: 'message',
    description: 'Answers a frame',
    environment: {
      ...channels.environment,
      CLAIMS_TABLE: tables.claims.tableName,
      REVOCATIONS_TABLE: tables.revocations.tableName,
      ...credentials,
      FRAMES_PER_MINUTE: String(traffic.maxFramesPerMinute),
      FRAMES_PER_MINUTE_PER_USER: String(traffic.maxFramesPerMinutePerUser),
      CLIENT_EVENTS_PER_SECOND: String(traffic.maxClientEventsPerSecond),
      CLIENT_EVENTS_PER_MINUTE_PER_USER: String(traffic.maxClientEventsPerMinutePerUser),
      PRESENCE_JOINS_PER_MINUTE: String(traffic.maxPresenceJoinsPerMinute),
      PRESENCE_JOINS_PER_MINUTE_PER_USER: String(traffic.maxPresenceJoinsPerMinutePerUser),
      CHANNELS_PER_CONNECTION: String(traffic.maxChannelsPerConnection),
    } satisfies MessageEnvironment,
    // More than a post may take with its retries: if the function is killed, API Gateway's own answer has no `event`.
    timeout: Duration.seconds(25),
    memorySize: 512,
    logging,
  });
  tables.allow(message, calls.message);
  channels.allowLeaving(message);
  message.allow('secretsmanager:GetSecretValue', credentials.CREDENTIALS_SECRET_ARN);
  api.allowCloses(message);
  return message;
}

export function createDisconnect(
  scope: Construct,
  { channels, logging }: Pick<Parts, 'channels' | 'logging'>,
): SocketFunction {
  const disconnect = new SocketFunction(scope, 'Disconnect', {
    entry: 'disconnect',
    description: 'Forgets a connection',
    environment: { ...channels.environment } satisfies ChannelsEnvironment,
    // More than announcing a leaving member may take.
    timeout: Duration.seconds(25),
    memorySize: 256,
    logging,
  });
  channels.allowLeaving(disconnect);
  return disconnect;
}

/** The function behind the HTTP API. */
export function createHttpApiFunction(
  scope: Construct,
  {
    settled,
    credentials,
    tables,
    api,
    channels,
    logging,
  }: Pick<Parts, 'settled' | 'credentials' | 'tables' | 'api' | 'channels' | 'logging'>,
): SocketFunction {
  const publish = new SocketFunction(scope, 'Publish', {
    entry: 'http-api',
    description: 'Publishes events, answers queries on channels, and closes the sockets of a session or a user',
    environment: {
      ...channels.environment,
      REVOCATIONS_TABLE: tables.revocations.tableName,
      CLAIMS_TABLE: tables.claims.tableName,
      ...credentials,
      ...writeRevalidation(settled.revalidate),
    } satisfies PublishEnvironment,
    // More than its own deadline, less than the 30 s that an HTTP API waits.
    timeout: Duration.seconds(28),
    memorySize: 512,
    logging,
  });
  tables.allow(publish, calls['http-api']);
  channels.allowLeaving(publish);
  publish.allow('secretsmanager:GetSecretValue', credentials.CREDENTIALS_SECRET_ARN);
  api.allowCloses(publish);
  return publish;
}
