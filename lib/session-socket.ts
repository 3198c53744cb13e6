import { Duration, Names, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, MetricFilter, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { defaultLimit } from '../functions/core/connection-limit.ts';
import { type SettledWayIn, settleWayIn } from '../functions/core/way-in.ts';
import type {
  AuthorizerEnvironment,
  ChannelsEnvironment,
  ConnectEnvironment,
  DeliverEnvironment,
  MessageEnvironment,
  PhpEnvironment,
  PublishEnvironment,
} from '../functions/edge/environment.ts';
import { subprotocol } from '../functions/edge/gateway.ts';
import { ConnectionTables } from './connection-tables.ts';
import { Hello } from './hello.ts';
import { PublishApi } from './publish-api.ts';
import { refuseBadProps } from './refuse-bad-props.ts';
import { Revalidation, settleRevalidate, writeRevalidation } from './revalidation.ts';
import type { SessionSocketProps } from './session-socket-props.ts';
import { SocketApi } from './socket-api.ts';
import { SocketFunction, type SocketFunctionProps } from './socket-function.ts';

/** A WebSocket API that lets in who is logged in over PHP, and nobody else. */
export class SessionSocket extends Construct {
  /** `wss://…/live`, to which `tokenFrom` says how the page adds its token. */
  readonly webSocketUrl: string;
  /** `https://…`, where PHP publishes and has sockets closed: Pusher's HTTP API. */
  readonly httpApiUrl: string;
  /** Pusher's application id and key: public, and the same for as long as the construct keeps its place in the app. */
  readonly appId: string;
  readonly key: string;
  /** JSON `{"appId", "key", "secret"}`; PHP's side needs all three. While the secret is changed also `previousSecret`. */
  readonly secret: Secret;
  /** In alarm while session checks fail, and with them the handshakes. Add an action to be told. */
  readonly sessionCheckAlarm: Alarm;

  /** In alarm when a logout has left sockets open, or an event could not be published. Add an action to be told. */
  readonly revokeAlarm: Alarm;

  /** In alarm when a broadcast to many did not reach somebody who was there. Add an action to be told. */
  readonly deliveryAlarm: Alarm;

  /** In alarm when too many sessions ended at once to be believed. Add an action to be told. */
  readonly revalidateAlarm: Alarm;

  readonly #wayIn: SettledWayIn;
  readonly #revalidate: Duration | undefined;
  readonly #api: SocketApi;
  readonly #tables: ConnectionTables;
  readonly #deliver: SocketFunction;
  readonly #quota: { readonly rateLimit: number; readonly burstLimit: number };
  readonly #logRetention: RetentionDays;

  /** @throws BadProps with one plain sentence about the first prop that cannot work or would not be safe */
  constructor(scope: Construct, id: string, props: SessionSocketProps) {
    super(scope, id);
    refuseBadProps(props);
    this.#wayIn = settleWayIn(props);
    this.#revalidate = settleRevalidate(this.#wayIn.mode, props.revalidate);
    this.#logRetention = props.logRetention ?? RetentionDays.ONE_MONTH;
    this.#quota = props.accountRequestQuota ?? { rateLimit: 10_000, burstLimit: 5_000 };

    // From the construct's path, and not the stack's name, which two of them in one stack would share.
    this.appId = Names.uniqueResourceName(this, { maxLength: 64, separator: '-' });
    this.key = this.node.addr.slice(-20);
    this.secret = this.#createSecret();
    this.#tables = new ConnectionTables(this, 'Tables');
    this.#api = new SocketApi(this, 'Sockets', {
      name: this.appId,
      throttle: props.throttle ?? { rateLimit: 2000, burstLimit: 1000 },
      tokenFrom: this.#wayIn.tokenFrom,
      cloudWatchRole: props.cloudWatchRole ?? true,
      logRetention: this.#logRetention,
    });
    this.webSocketUrl = this.#api.url;

    const php = this.#writePhp(props);
    const authorizer = this.#createAuthorizer(props, php);
    this.sessionCheckAlarm = createSessionCheckAlarm(authorizer);
    this.#deliver = this.#createDeliver();
    this.deliveryAlarm = createDeliveryAlarm(this.#deliver, this.appId);
    const publish = this.#createPublish();
    this.revokeAlarm = createRevokeAlarm(publish);
    this.httpApiUrl = new PublishApi(this, 'Http', {
      name: this.appId,
      throttle: props.httpThrottle ?? { rateLimit: 500, burstLimit: 250 },
      logRetention: this.#logRetention,
      publish,
    }).url;
    this.revalidateAlarm = this.#createRevalidation(php).alarm;
    const hello = props.hello === true ? this.#createHello() : undefined;
    const connect = this.#createConnect(props, this.#deliver, hello);
    this.#api.route({ authorizer, connect, message: this.#createMessage(props), disconnect: this.#createDisconnect() });
  }

  #createSecret(): Secret {
    const secret = new Secret(this, 'Credentials', {
      description: 'The credentials that PHP and the gateway share, in the form of Pusher',
      // A change of anything in here makes CloudFormation generate another secret, which PHP would have to learn.
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ appId: this.appId, key: this.key }),
        generateStringKey: 'secret',
        passwordLength: 43,
        excludePunctuation: true,
      },
      removalPolicy: RemovalPolicy.DESTROY,
    });
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason: 'PHP holds a copy that nothing here can change, so a rotation behind its back would lock everybody out.',
    });
    return secret;
  }

  #writePhp(props: SessionSocketProps): PhpEnvironment {
    return {
      SESSION_ENDPOINT: props.sessionEndpoint,
      SESSION_MODE: this.#wayIn.mode,
      SESSION_TIMEOUT_MS: String((props.sessionTimeout ?? Duration.millis(2500)).toMilliseconds()),
      COOKIE_NAME: this.#wayIn.cookieName,
      CREDENTIALS_SECRET_ARN: this.secret.secretArn,
    };
  }

  #createAuthorizer(props: SessionSocketProps, php: PhpEnvironment): SocketFunction {
    const authorizer = this.#createFunction('Authorizer', {
      entry: 'authorizer',
      description: 'Asks PHP who opens a socket',
      environment: {
        ...php,
        ...writeRevalidation(this.#revalidate),
        TOKEN_FROM: this.#wayIn.tokenFrom,
        SESSION_CHECK: this.#wayIn.sessionCheck,
        COOKIES: this.#wayIn.cookies.join(' '),
        ALLOWED_ORIGINS: props.allowedOrigins.join(' '),
        ALLOW_MISSING_ORIGIN: this.#wayIn.allowMissingOrigin ? 'yes' : 'no',
      } satisfies AuthorizerEnvironment,
      // Above PHP's time and the secret's, so that a slow answer ends in our own words and not in a killed function.
      timeout: Duration.seconds(Math.ceil(Number(php.SESSION_TIMEOUT_MS) / 1000) + 5),
      memorySize: 512,
      maxConcurrency: props.maxConcurrentSessionChecks,
    });
    authorizer.allow('secretsmanager:GetSecretValue', this.secret.secretArn);
    return authorizer;
  }

  #createConnect(props: SessionSocketProps, deliver: SocketFunction, hello: Hello | undefined): SocketFunction {
    const { mode, tokenFrom } = this.#wayIn;
    const connect = this.#createFunction('Connect', {
      entry: 'connect',
      description: 'Registers a connection',
      environment: {
        CONNECTIONS_TABLE: this.#tables.connections.tableName,
        REVOCATIONS_TABLE: this.#tables.revocations.tableName,
        DELIVER_FUNCTION: deliver.lambda.functionName,
        MAX_CONNECTIONS: String(props.maxConnectionsPerUser ?? defaultLimit.maxConnections),
        AT_MAX_CONNECTIONS: props.atMaxConnections ?? defaultLimit.atMaxConnections,
        ...(hello === undefined ? {} : { TICK_FUNCTION: hello.tick.lambda.functionName }),
        ...(mode === 'ticket' ? { CLAIMS_TABLE: this.#tables.claims.tableName } : {}),
        ...(tokenFrom === 'subprotocol' ? { SUBPROTOCOL: subprotocol } : {}),
        ...writeRevalidation(this.#revalidate),
      } satisfies ConnectEnvironment,
      timeout: Duration.seconds(10),
      memorySize: 512,
    });
    connect.allow('dynamodb:PutItem', this.#tables.connections.tableArn);
    connect.allow('dynamodb:DeleteItem', this.#tables.connections.tableArn);
    connect.allow('dynamodb:Query', this.#tables.connections.tableArn);
    connect.allow('dynamodb:GetItem', this.#tables.revocations.tableArn);
    if (mode === 'ticket') connect.allow('dynamodb:PutItem', this.#tables.claims.tableArn);
    connect.allow('lambda:InvokeFunction', deliver.lambda.functionArn);
    if (hello !== undefined) connect.allow('lambda:InvokeFunction', hello.tick.lambda.functionArn);
    return connect;
  }

  #createMessage(props: SessionSocketProps): SocketFunction {
    const { connections, subscriptions, claims } = this.#tables;
    const message = this.#createFunction('Message', {
      entry: 'message',
      description: 'Answers a frame',
      environment: {
        ...this.#channelsEnvironment(),
        CLAIMS_TABLE: claims.tableName,
        CREDENTIALS_SECRET_ARN: this.secret.secretArn,
        FRAMES_PER_MINUTE: String(props.maxFramesPerMinute ?? 300),
        CLIENT_EVENTS_PER_SECOND: String(props.maxClientEventsPerSecond ?? 10),
        CHANNELS_PER_CONNECTION: String(props.maxChannelsPerConnection ?? 100),
      } satisfies MessageEnvironment,
      // Above the time for which a post is tried: API Gateway's own answer for a function that was killed has no `event`.
      timeout: Duration.seconds(25),
      memorySize: 512,
    });
    for (const verb of ['GetItem', 'UpdateItem']) message.allow(`dynamodb:${verb}`, connections.tableArn);
    message.allow('dynamodb:PutItem', subscriptions.tableArn);
    message.allow('dynamodb:UpdateItem', claims.tableArn);
    this.#allowLeaving(message);
    message.allow('secretsmanager:GetSecretValue', this.secret.secretArn);
    this.#api.allowCloses(message);
    return message;
  }

  #createDisconnect(): SocketFunction {
    const disconnect = this.#createFunction('Disconnect', {
      entry: 'disconnect',
      description: 'Forgets a connection',
      environment: this.#channelsEnvironment(),
      timeout: Duration.seconds(10),
      memorySize: 256,
    });
    this.#allowLeaving(disconnect);
    return disconnect;
  }

  #channelsEnvironment() {
    return {
      CONNECTIONS_TABLE: this.#tables.connections.tableName,
      SUBSCRIPTIONS_TABLE: this.#tables.subscriptions.tableName,
      MEMBERS_TABLE: this.#tables.members.tableName,
      CALLBACK_URL: this.#api.callbackUrl,
      DELIVER_FUNCTION: this.#deliver.lambda.functionName,
      ...this.#postQuota(),
    } satisfies ChannelsEnvironment;
  }

  /**
   * Nine tenths of the account's: what is left is for those who connect, speak and publish meanwhile, and a post that is
   * refused for their sake is tried again.
   */
  #postQuota() {
    const { rateLimit, burstLimit } = this.#quota;
    return { POST_RATE: String(Math.floor(rateLimit * 0.9)), POST_BURST: String(Math.floor(burstLimit * 0.9)) };
  }

  /** To forget a connection, and to tell those who see it leave, however many. */
  #allowLeaving(leaver: SocketFunction): void {
    this.#allowLeavingAlone(leaver);
    leaver.allow('lambda:InvokeFunction', this.#deliver.lambda.functionArn);
  }

  #allowLeavingAlone(leaver: SocketFunction): void {
    const { connections, subscriptions, members } = this.#tables;
    leaver.allow('dynamodb:DeleteItem', connections.tableArn);
    for (const verb of ['GetItem', 'DeleteItem', 'Query']) leaver.allow(`dynamodb:${verb}`, subscriptions.tableArn);
    for (const verb of ['GetItem', 'UpdateItem', 'DeleteItem', 'Query'])
      leaver.allow(`dynamodb:${verb}`, members.tableArn);
    this.#api.allowPosts(leaver);
  }

  #createDeliver(): SocketFunction {
    const { connections, subscriptions, members, claims } = this.#tables;
    const deliver = this.#createFunction('Deliver', {
      entry: 'deliver',
      description: 'Posts the welcome and broadcasts to many, and closes sockets that are too many',
      environment: {
        CONNECTIONS_TABLE: connections.tableName,
        SUBSCRIPTIONS_TABLE: subscriptions.tableName,
        MEMBERS_TABLE: members.tableName,
        CLAIMS_TABLE: claims.tableName,
        CALLBACK_URL: this.#api.callbackUrl,
        ...this.#postQuota(),
      } satisfies DeliverEnvironment,
      // A worker at the end of its line posts to all that is left, at a 64th of the rate.
      timeout: Duration.minutes(15),
      // One whole CPU (https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html): signing and sending is all
      // that a worker does, and with less it would not keep the pace.
      memorySize: 1769,
    });
    deliver.allow('dynamodb:GetItem', connections.tableArn);
    deliver.allow('dynamodb:UpdateItem', connections.tableArn);
    deliver.allow('dynamodb:GetItem', claims.tableArn);
    deliver.allow('dynamodb:PutItem', claims.tableArn);
    this.#allowLeavingAlone(deliver);
    deliver.allowOnItself('lambda:InvokeFunction');
    this.#api.allowCloses(deliver);
    // Long enough for a worker's second and third try, one and two minutes after it died in its last second.
    deliver.lambda.configureAsyncInvoke({ maxEventAge: Duration.hours(1), retryAttempts: 2 });
    return deliver;
  }

  #createPublish(): SocketFunction {
    const { connections, subscriptions, revocations, claims } = this.#tables;
    const publish = this.#createFunction('Publish', {
      entry: 'publish',
      description: 'Publishes, tells who listens, and closes the sockets of a session or a user',
      environment: {
        ...this.#channelsEnvironment(),
        REVOCATIONS_TABLE: revocations.tableName,
        CLAIMS_TABLE: claims.tableName,
        CREDENTIALS_SECRET_ARN: this.secret.secretArn,
        ...writeRevalidation(this.#revalidate),
      } satisfies PublishEnvironment,
      // Above the time for which it tries, below the 30 s for which an HTTP API waits.
      timeout: Duration.seconds(28),
      memorySize: 512,
    });
    for (const verb of ['GetItem', 'PutItem']) publish.allow(`dynamodb:${verb}`, revocations.tableArn);
    for (const verb of ['GetItem', 'Query', 'UpdateItem']) publish.allow(`dynamodb:${verb}`, connections.tableArn);
    for (const verb of ['GetItem', 'PutItem', 'DeleteItem']) publish.allow(`dynamodb:${verb}`, claims.tableArn);
    // Which channels there are, and who is on one.
    publish.allow('dynamodb:Scan', subscriptions.tableArn);
    this.#allowLeaving(publish);
    publish.allow('secretsmanager:GetSecretValue', this.secret.secretArn);
    this.#api.allowCloses(publish);
    return publish;
  }

  #createRevalidation(php: PhpEnvironment): Revalidation {
    const interval = this.#revalidate;
    const revalidation = new Revalidation(this, 'Revalidation', {
      tables: this.#tables,
      logRetention: this.#logRetention,
      channels: this.#channelsEnvironment(),
      asking: interval === undefined ? undefined : { php, interval },
    });
    this.#allowLeaving(revalidation.revalidate);
    this.#api.allowCloses(revalidation.revalidate);
    return revalidation;
  }

  #createHello(): Hello {
    return new Hello(this, 'Hello', { api: this.#api, tables: this.#tables, logRetention: this.#logRetention });
  }

  #createFunction(id: string, props: Omit<SocketFunctionProps, 'logRetention'>): SocketFunction {
    return new SocketFunction(this, id, { ...props, logRetention: this.#logRetention });
  }
}

function createSessionCheckAlarm(authorizer: SocketFunction): Alarm {
  return new Alarm(authorizer, 'Alarm', {
    alarmDescription:
      'Session checks fail, and with them the handshakes: PHP is down, slow, or does not trust the gateway.',
    metric: authorizer.lambda.metricErrors({ period: Duration.minutes(1), statistic: 'sum' }),
    comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    threshold: 1,
    evaluationPeriods: 5,
    datapointsToAlarm: 3,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
}

function createDeliveryAlarm(deliver: SocketFunction, appId: string): Alarm {
  const perMinute = { period: Duration.minutes(1), statistic: 'sum' };
  const filter = new MetricFilter(deliver, 'Lost', {
    logGroup: deliver.logGroup,
    filterPattern: FilterPattern.numberValue('$.Lost', '>', 0),
    metricNamespace: `SessionSocket/${appId}`,
    metricName: 'Lost',
    metricValue: '$.Lost',
  });
  return new Alarm(deliver, 'Alarm', {
    alarmDescription:
      'A broadcast was lost on the way to somebody: the log of Deliver says how many posts, or why it failed.',
    metric: new MathExpression({
      expression: 'FILL(posts, 0) + FILL(events, 0)',
      usingMetrics: {
        posts: filter.metric(perMinute),
        // What Lambda gave up after its last try (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html).
        events: deliver.lambda.metric('AsyncEventsDropped', perMinute),
      },
      period: Duration.minutes(1),
    }),
    comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    threshold: 1,
    evaluationPeriods: 1,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
}

function createRevokeAlarm(publish: SocketFunction): Alarm {
  return new Alarm(publish, 'Alarm', {
    alarmDescription: 'A logout has left sockets open, or an event was not published: the log of Publish says which.',
    metric: publish.lambda.metricErrors({ period: Duration.minutes(1), statistic: 'sum' }),
    comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    threshold: 1,
    evaluationPeriods: 1,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
}
