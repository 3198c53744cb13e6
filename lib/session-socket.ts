import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { Alarm, CompositeAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { defaultLimit } from '../functions/core/connections/connection-limit.ts';
import {
  type ResolvedHandshakeOptions,
  resolveHandshakeOptions,
  type SessionMode,
  type TokenSource,
} from '../functions/core/handshake/handshake-options.ts';
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
} from '../functions/edge/environment.ts';
import { acknowledge } from './acknowledge.ts';
import { alarmOnErrors } from './alarms.ts';
import { identify, nameOf } from './app-identity.ts';
import { Channels } from './channels.ts';
import { alarmOnAny, alarmsBelow } from './composite-alarm.ts';
import { ConnectionTables } from './connection-tables.ts';
import { Hello } from './hello.ts';
import { PublishApi } from './publish-api.ts';
import { refuseBadProps } from './refuse-bad-props.ts';
import { Revalidation, settleRevalidate, shareChecks, writeRevalidation } from './revalidation.ts';
import type { SessionSocketProps } from './session-socket-props.ts';
import { SocketApi } from './socket-api.ts';
import { type FunctionLogging, SocketFunction, type SocketFunctionProps } from './socket-function.ts';
import { settleTrafficLimits } from './traffic-limits.ts';

/** A WebSocket API that lets in who is logged in over PHP, and nobody else. */
export class SessionSocket extends Construct {
  /** `wss://…/live`, to which `tokenFrom` says how the page adds its token. */
  readonly webSocketUrl: string;
  /** `https://…`, where PHP publishes and has sockets closed: Pusher's HTTP API. */
  readonly httpApiUrl: string;
  /** How a token becomes a session: the mode that was asked for, or the default. */
  readonly mode: SessionMode;
  /** Where the token is: what was asked for, or the mode's default. */
  readonly tokenFrom: TokenSource;
  /** Pusher's application id and key: public, and the same for as long as the stack's name and the path below it are. */
  readonly appId: string;
  readonly key: string;
  /** JSON `{"secret"}`, and `previousSecret` too while the secret is being changed. */
  readonly secret: Secret;
  /** In alarm while session checks fail, and with them the handshakes. Add an action to be told. */
  readonly sessionCheckAlarm: Alarm;

  /** In alarm while who was let in cannot be registered, so that the handshakes fail. Add an action to be told. */
  readonly connectAlarm: Alarm;

  /** In alarm when a logout has left sockets open, or an event could not be published. Add an action to be told. */
  readonly revokeAlarm: Alarm;

  /** In alarm when a broadcast to many did not reach somebody who was there. Add an action to be told. */
  readonly deliveryAlarm: Alarm;

  /** In alarm when too many users were logged out to be believed, or PHP cannot be asked. Add an action to be told. */
  readonly revalidateAlarm: Alarm;

  /** Every alarm: these five, and those on throttles, on both APIs and on late session checks. */
  readonly alarms: readonly Alarm[];

  /** In alarm when one of them is. Add an action to it, and to none of the others, to get one message however many go off. */
  readonly alarm: CompositeAlarm;

  readonly #handshake: ResolvedHandshakeOptions;
  readonly #revalidate: Duration | undefined;
  readonly #api: SocketApi;
  readonly #tables: ConnectionTables;
  readonly #channels: Channels;
  readonly #logging: FunctionLogging;
  readonly #metricNamespace: string;

  /** @throws BadProps with one plain sentence about the first prop that cannot work or would not be safe */
  constructor(scope: Construct, id: string, props: SessionSocketProps) {
    super(scope, id);
    refuseBadProps(props);
    this.#handshake = resolveHandshakeOptions(props);
    this.mode = this.#handshake.mode;
    this.tokenFrom = this.#handshake.tokenFrom;
    this.#revalidate = settleRevalidate(this.#handshake.mode, props.revalidate);
    const retention = props.logRetention ?? RetentionDays.ONE_MONTH;
    this.#logging = { retention, systemLogLevel: props.systemLogLevel };

    const { appId, key } = identify(this, props);
    this.appId = appId;
    this.key = key;
    this.#metricNamespace = `SessionSocket/${appId}`;
    this.secret = this.#createSecret();
    this.#tables = new ConnectionTables(this, 'Tables');
    this.#api = new SocketApi(this, 'Sockets', {
      name: nameOf(this),
      throttle: props.throttle ?? { rateLimit: 2000, burstLimit: 1000 },
      tokenFrom: this.#handshake.tokenFrom,
      cloudWatchRole: props.cloudWatchRole ?? true,
      logRetention: retention,
    });
    this.webSocketUrl = this.#api.url;
    this.#channels = new Channels(this, 'Channels', {
      api: this.#api,
      tables: this.#tables,
      accountRequestQuota: props.accountRequestQuota ?? { rateLimit: 10_000, burstLimit: 5_000 },
      metricNamespace: this.#metricNamespace,
      logging: this.#logging,
    });
    this.deliveryAlarm = this.#channels.alarm;

    const php = this.#writePhp(props);
    const authorizer = this.#createAuthorizer(props, php);
    this.sessionCheckAlarm = alarmOnErrors(
      authorizer,
      'Session checks fail, and with them the handshakes: PHP is down or slow, or secrets differ. The log of Authorizer says why. docs/operations.md: AuthorizerAlarm.',
      { minutes: 3, of: 5 },
    );
    const publish = this.#createPublish();
    this.revokeAlarm = alarmOnErrors(
      publish,
      'A logout left sockets open, or an event was not published. The log of Publish says which: log the user out again, or publish again. docs/operations.md: PublishAlarm.',
    );
    this.httpApiUrl = new PublishApi(this, 'Http', {
      name: nameOf(this),
      throttle: props.httpThrottle ?? { rateLimit: 500, burstLimit: 250 },
      logRetention: retention,
      publish,
    }).url;
    const revalidation = this.#createRevalidation(props, php);
    this.revalidateAlarm = revalidation.alarm;
    const hello = props.hello === true ? this.#createHello() : undefined;
    const connect = this.#createConnect(props, revalidation, hello);
    this.connectAlarm = alarmOnErrors(
      connect,
      'Connections cannot be registered, so handshakes fail although PHP said yes. The log of Connect says why. docs/operations.md: ConnectAlarm.',
      { minutes: 3, of: 5 },
    );
    const message = this.#createMessage(props);
    // In an update from 0.1.0: only its own rows may be left to a Message of 0.1.0, and only until the owners are written that it does
    // not write.
    for (const { node } of [connect, revalidation]) node.addDependency(message);
    this.#api.route({ authorizer, connect, message, disconnect: this.#createDisconnect() });
    this.alarms = alarmsBelow(this);
    this.alarm = alarmOnAny(this, this.alarms);
  }

  #createSecret(): Secret {
    const secret = new Secret(this, 'Credentials', {
      description: 'The secret that PHP and the gateway share',
      // The same in every stack, forever: after any change CloudFormation generates another secret in its place, and PHP still
      // has the old one.
      generateSecretString: {
        secretStringTemplate: '{}',
        generateStringKey: 'secret',
        passwordLength: 43,
        excludePunctuation: true,
      },
      removalPolicy: RemovalPolicy.DESTROY,
    });
    acknowledge(
      secret,
      'AwsSolutions-SMG4',
      'PHP holds a copy that nothing here can change, so a rotation behind its back would lock everybody out.',
    );
    return secret;
  }

  #writeCredentials(): CredentialsEnvironment {
    return { APP_ID: this.appId, KEY: this.key, CREDENTIALS_SECRET_ARN: this.secret.secretArn };
  }

  #writePhp(props: SessionSocketProps): PhpEnvironment {
    return {
      ...this.#writeCredentials(),
      SESSION_ENDPOINT: props.sessionEndpoint,
      SESSION_MODE: this.#handshake.mode,
      SESSION_TIMEOUT_MS: String((props.sessionTimeout ?? Duration.millis(2500)).toMilliseconds()),
      COOKIE_NAME: this.#handshake.cookieName,
    };
  }

  #createAuthorizer(props: SessionSocketProps, php: PhpEnvironment): SocketFunction {
    const authorizer = this.#createFunction('Authorizer', {
      entry: 'authorizer',
      description: 'Asks PHP who opens a socket',
      environment: {
        ...php,
        ...writeRevalidation(this.#revalidate),
        TOKEN_FROM: this.#handshake.tokenFrom,
        SESSION_CHECK: this.#handshake.sessionCheck,
        COOKIES: this.#handshake.cookies.join(' '),
        ALLOWED_ORIGINS: props.allowedOrigins.join(' '),
        ALLOW_MISSING_ORIGIN: this.#handshake.allowMissingOrigin ? 'yes' : 'no',
      } satisfies AuthorizerEnvironment,
      // Above PHP's time and the secret's, so that a slow answer ends in our own words and not in a killed function.
      timeout: Duration.seconds(Math.ceil(Number(php.SESSION_TIMEOUT_MS) / 1000) + 5),
      memorySize: 512,
      maxConcurrency: shareChecks(props.maxConcurrentSessionChecks, this.#revalidate).handshakes,
    });
    authorizer.allow('secretsmanager:GetSecretValue', this.secret.secretArn);
    return authorizer;
  }

  #createConnect(props: SessionSocketProps, { revalidate }: Revalidation, hello: Hello | undefined): SocketFunction {
    const { mode, tokenFrom } = this.#handshake;
    const { deliver } = this.#channels;
    const connect = this.#createFunction('Connect', {
      entry: 'connect',
      description: 'Registers a connection',
      environment: {
        ...this.#tables.registry,
        REVOCATIONS_TABLE: this.#tables.revocations.tableName,
        DELIVER_FUNCTION: deliver.lambda.functionName,
        REVALIDATE_FUNCTION: revalidate.lambda.functionName,
        MAX_CONNECTIONS: String(props.maxConnectionsPerUser ?? defaultLimit.maxConnections),
        AT_MAX_CONNECTIONS: props.atMaxConnections ?? defaultLimit.atMaxConnections,
        HANDSHAKES_PER_MINUTE_PER_USER: String(settleTrafficLimits(props).maxHandshakesPerMinutePerUser),
        COUNTERS_TABLE: this.#tables.claims.tableName,
        ...(hello === undefined ? {} : { TICK_FUNCTION: hello.tick.lambda.functionName }),
        ...(mode === 'ticket' ? { CLAIMS_TABLE: this.#tables.claims.tableName } : {}),
        ...(tokenFrom === 'subprotocol' ? { SUBPROTOCOL: subprotocol } : {}),
        ...writeRevalidation(this.#revalidate),
      } satisfies ConnectEnvironment,
      timeout: Duration.seconds(10),
      memorySize: 512,
    });
    this.#tables.allow(connect, calls.connect);
    for (const { lambda } of [deliver, revalidate]) connect.allow('lambda:InvokeFunction', lambda.functionArn);
    if (hello !== undefined) connect.allow('lambda:InvokeFunction', hello.tick.lambda.functionArn);
    return connect;
  }

  #createMessage(props: SessionSocketProps): SocketFunction {
    const { revocations, claims } = this.#tables;
    const limits = settleTrafficLimits(props);
    const message = this.#createFunction('Message', {
      entry: 'message',
      description: 'Answers a frame',
      environment: {
        ...this.#channels.environment,
        CLAIMS_TABLE: claims.tableName,
        REVOCATIONS_TABLE: revocations.tableName,
        ...this.#writeCredentials(),
        FRAMES_PER_MINUTE: String(limits.maxFramesPerMinute),
        FRAMES_PER_MINUTE_PER_USER: String(limits.maxFramesPerMinutePerUser),
        CLIENT_EVENTS_PER_SECOND: String(limits.maxClientEventsPerSecond),
        CLIENT_EVENTS_PER_MINUTE_PER_USER: String(limits.maxClientEventsPerMinutePerUser),
        PRESENCE_JOINS_PER_MINUTE: String(limits.maxPresenceJoinsPerMinute),
        PRESENCE_JOINS_PER_MINUTE_PER_USER: String(limits.maxPresenceJoinsPerMinutePerUser),
        CHANNELS_PER_CONNECTION: String(limits.maxChannelsPerConnection),
      } satisfies MessageEnvironment,
      // Above the time for which a post is tried: API Gateway's own answer for a function that was killed has no `event`.
      timeout: Duration.seconds(25),
      memorySize: 512,
    });
    this.#tables.allow(message, calls.message);
    this.#channels.allowLeaving(message);
    message.allow('secretsmanager:GetSecretValue', this.secret.secretArn);
    this.#api.allowCloses(message);
    return message;
  }

  #createDisconnect(): SocketFunction {
    const disconnect = this.#createFunction('Disconnect', {
      entry: 'disconnect',
      description: 'Forgets a connection',
      environment: { ...this.#channels.environment } satisfies ChannelsEnvironment,
      // Above the time for which those who see it leave are told.
      timeout: Duration.seconds(25),
      memorySize: 256,
    });
    this.#channels.allowLeaving(disconnect);
    return disconnect;
  }

  #createPublish(): SocketFunction {
    const { revocations, claims } = this.#tables;
    const publish = this.#createFunction('Publish', {
      entry: 'http-api',
      description: 'Publishes, tells who listens, and closes the sockets of a session or a user',
      environment: {
        ...this.#channels.environment,
        REVOCATIONS_TABLE: revocations.tableName,
        CLAIMS_TABLE: claims.tableName,
        ...this.#writeCredentials(),
        ...writeRevalidation(this.#revalidate),
      } satisfies PublishEnvironment,
      // Above the time for which it tries, below the 30 s for which an HTTP API waits.
      timeout: Duration.seconds(28),
      memorySize: 512,
    });
    this.#tables.allow(publish, calls['http-api']);
    this.#channels.allowLeaving(publish);
    publish.allow('secretsmanager:GetSecretValue', this.secret.secretArn);
    this.#api.allowCloses(publish);
    return publish;
  }

  #createRevalidation(props: SessionSocketProps, php: PhpEnvironment): Revalidation {
    const interval = this.#revalidate;
    const atOnce = shareChecks(props.maxConcurrentSessionChecks, interval).again;
    const revalidation = new Revalidation(this, 'Revalidation', {
      tables: this.#tables,
      metricNamespace: this.#metricNamespace,
      logging: this.#logging,
      channels: this.#channels.environment,
      asking: interval === undefined ? undefined : { php, interval, atOnce },
    });
    this.#channels.allowLeaving(revalidation.revalidate);
    this.#api.allowCloses(revalidation.revalidate);
    return revalidation;
  }

  #createHello(): Hello {
    return new Hello(this, 'Hello', { api: this.#api, tables: this.#tables, logging: this.#logging });
  }

  #createFunction(id: string, props: Omit<SocketFunctionProps, 'logging'>): SocketFunction {
    return new SocketFunction(this, id, { ...props, logging: this.#logging });
  }
}
