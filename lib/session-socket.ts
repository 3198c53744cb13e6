import { Aws, Duration, Stack } from 'aws-cdk-lib';
import { WebSocketApi, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketLambdaAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { SessionMode } from '../functions/core/session.ts';
import type {
  AuthorizerEnvironment,
  ConnectEnvironment,
  DeliverEnvironment,
  DisconnectEnvironment,
  TickEnvironment,
} from '../functions/edge/environment.ts';
import { tokenParameter } from '../functions/edge/gateway.ts';
import { accessLog, createLogAccount } from './access-log.ts';
import { ConnectionTables } from './connection-tables.ts';
import { refuseBadProps } from './refuse-bad-props.ts';
import { SocketFunction, type SocketFunctionProps } from './socket-function.ts';

export interface SessionSocketProps {
  /**
   * The absolute https URL that answers whose session a cookie is, usually `https://app.example.com/getSessionID`; in mode
   * `status` any page that only a logged-in user gets. Redirects are not followed. Only loopback may be http.
   */
  readonly sessionEndpoint: string;

  /**
   * The origins of the pages that may connect, exactly as browsers send them: `https://app.example.com`, with a port only
   * where it is not the scheme's own. At least one.
   */
  readonly allowedOrigins: readonly string[];

  /**
   * How a token becomes a session. `session-id`: PHP must answer 200 with the same id as a JSON string. `status`: PHP must
   * answer 200; its body is not read.
   * @default 'session-id'
   */
  readonly mode?: SessionMode;

  /**
   * The name of PHP's session cookie (`session_name()`).
   * @default 'PHPSESSID'
   */
  readonly cookieName?: string;

  /**
   * How long PHP may take for its answer, 100 ms to 20 s, in all. A handshake that takes longer fails with 500.
   * @default Duration.millis(2500)
   */
  readonly sessionTimeout?: Duration;

  /**
   * Lets clients connect that send no `Origin`: anything but a browser.
   * @default false
   */
  readonly allowMissingOrigin?: boolean;

  /**
   * Sends `hello {hello: 'world'}` to everyone every second, for the demo. At API Gateway's $1 per million messages this
   * is about $2.60 a month for each open socket.
   * @default false
   */
  readonly hello?: boolean;

  /**
   * The stage's default throttle, in requests per second. The account's quota of 10,000 is shared with the posts to
   * sockets, so the doors must not use it up
   * (https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html).
   * @default { rateLimit: 2000, burstLimit: 1000 }
   */
  readonly throttle?: { readonly rateLimit: number; readonly burstLimit: number };

  /**
   * Creates the account-wide role by which API Gateway writes access logs, and keeps it when the stack goes, because
   * other APIs may have come to rely on it. False where the account has one.
   * @default true
   */
  readonly cloudWatchRole?: boolean;

  /**
   * How long logs are kept.
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays;
}

/** A WebSocket API that lets in who is logged in over PHP, and nobody else. */
export class SessionSocket extends Construct {
  /** `wss://…/live`, for `new WebSocket(`${url}?token=…`)`. */
  readonly webSocketUrl: string;
  /** Pusher's application id and key: public, and the same for as long as the stack lives. */
  readonly appId: string;
  readonly key: string;
  /** JSON `{"appId", "key", "secret"}`; PHP's side needs all three. */
  readonly secret: Secret;
  /** In alarm while session checks fail, which is when nobody can connect. Add an action to be told. */
  readonly sessionCheckAlarm: Alarm;

  readonly #api: WebSocketApi;
  readonly #stage: WebSocketStage;
  readonly #tables: ConnectionTables;
  readonly #logRetention: RetentionDays;

  constructor(scope: Construct, id: string, props: SessionSocketProps) {
    super(scope, id);
    refuseBadProps(props);
    this.#logRetention = props.logRetention ?? RetentionDays.ONE_MONTH;

    this.appId = Stack.of(this).stackName;
    this.key = this.node.addr.slice(-20);
    this.secret = new Secret(this, 'Credentials', {
      description: 'The credentials that PHP and the gateway share, in the form of Pusher',
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ appId: this.appId, key: this.key }),
        generateStringKey: 'secret',
        passwordLength: 43,
        excludePunctuation: true,
      },
    });
    this.#tables = new ConnectionTables(this, 'Tables');
    this.#api = new WebSocketApi(this, 'Api', {
      apiName: this.appId,
      description: 'Sockets for who is logged in over PHP',
      // Every frame of the protocol names its event there.
      routeSelectionExpression: '$request.body.event',
    });
    this.#stage = this.#createStage(props);
    this.webSocketUrl = this.#stage.url;

    const authorizer = this.#createAuthorizer(props);
    this.sessionCheckAlarm = createSessionCheckAlarm(authorizer);
    const deliver = this.#createDeliver();
    const tick = props.hello === true ? this.#createTick() : undefined;
    this.#route(authorizer, this.#createConnect(deliver, tick), this.#createDisconnect());
  }

  #createStage(props: SessionSocketProps): WebSocketStage {
    const stage = new WebSocketStage(this, 'Stage', {
      webSocketApi: this.#api,
      stageName: 'live',
      autoDeploy: true,
      throttle: { rateLimit: 2000, burstLimit: 1000, ...props.throttle },
      accessLogSettings: accessLog(this, this.#logRetention),
    });
    if (props.cloudWatchRole !== false) stage.node.addDependency(createLogAccount(this));
    return stage;
  }

  #createAuthorizer(props: SessionSocketProps): SocketFunction {
    const sessionTimeout = props.sessionTimeout ?? Duration.millis(2500);
    const authorizer = this.#createFunction('Authorizer', {
      entry: 'authorizer',
      description: 'Asks PHP who opens a socket',
      environment: {
        SESSION_ENDPOINT: props.sessionEndpoint,
        SESSION_MODE: props.mode ?? 'session-id',
        SESSION_TIMEOUT_MS: String(sessionTimeout.toMilliseconds()),
        COOKIE_NAME: props.cookieName ?? 'PHPSESSID',
        ALLOWED_ORIGINS: props.allowedOrigins.join(' '),
        ALLOW_MISSING_ORIGIN: props.allowMissingOrigin === true ? 'yes' : 'no',
        CREDENTIALS_SECRET_ARN: this.secret.secretArn,
      } satisfies AuthorizerEnvironment,
      // Above PHP's time and the secret's, so that a slow answer ends in our own words and not in a killed function.
      timeout: Duration.seconds(Math.ceil(sessionTimeout.toMilliseconds() / 1000) + 5),
      memorySize: 512,
    });
    authorizer.allow('secretsmanager:GetSecretValue', this.secret.secretArn);
    return authorizer;
  }

  #createConnect(deliver: SocketFunction, tick: SocketFunction | undefined): SocketFunction {
    const connect = this.#createFunction('Connect', {
      entry: 'connect',
      description: 'Registers a connection',
      environment: {
        CONNECTIONS_TABLE: this.#tables.connections.tableName,
        DELIVER_FUNCTION: deliver.lambda.functionName,
        TICK_FUNCTION: tick?.lambda.functionName ?? '',
      } satisfies ConnectEnvironment,
      timeout: Duration.seconds(10),
      memorySize: 512,
    });
    connect.allow('dynamodb:PutItem', this.#tables.connections.tableArn);
    connect.allow('dynamodb:DeleteItem', this.#tables.connections.tableArn);
    connect.allow('lambda:InvokeFunction', deliver.lambda.functionArn);
    if (tick !== undefined) connect.allow('lambda:InvokeFunction', tick.lambda.functionArn);
    return connect;
  }

  #createDisconnect(): SocketFunction {
    const disconnect = this.#createFunction('Disconnect', {
      entry: 'disconnect',
      description: 'Forgets a connection',
      environment: { CONNECTIONS_TABLE: this.#tables.connections.tableName } satisfies DisconnectEnvironment,
      timeout: Duration.seconds(10),
      memorySize: 256,
    });
    disconnect.allow('dynamodb:DeleteItem', this.#tables.connections.tableArn);
    return disconnect;
  }

  #createDeliver(): SocketFunction {
    const deliver = this.#createFunction('Deliver', {
      entry: 'deliver',
      description: 'Posts the welcome',
      environment: this.#deliverEnvironment(),
      timeout: Duration.seconds(20),
      memorySize: 512,
    });
    deliver.allow('dynamodb:UpdateItem', this.#tables.connections.tableArn);
    deliver.allow('execute-api:ManageConnections', this.#postArn());
    // A welcome that comes later than this finds nobody waiting.
    deliver.lambda.configureAsyncInvoke({ maxEventAge: Duration.minutes(2), retryAttempts: 2 });
    return deliver;
  }

  #createTick(): SocketFunction {
    const tick = this.#createFunction('Tick', {
      entry: 'tick',
      description: 'Says hello to everyone, every second',
      environment: {
        ...this.#deliverEnvironment(),
        CLAIMS_TABLE: this.#tables.claims.tableName,
      } satisfies TickEnvironment,
      timeout: Duration.seconds(90),
      memorySize: 512,
    });
    tick.allow('dynamodb:Scan', this.#tables.connections.tableArn);
    tick.allow('dynamodb:DeleteItem', this.#tables.connections.tableArn);
    tick.allow('dynamodb:PutItem', this.#tables.claims.tableArn);
    tick.allow('dynamodb:DeleteItem', this.#tables.claims.tableArn);
    tick.allow('execute-api:ManageConnections', this.#postArn());
    tick.lambda.configureAsyncInvoke({ maxEventAge: Duration.minutes(1), retryAttempts: 0 });
    // Not rate(1 minute), which counts from the rule's creation: each run speaks for one minute of the clock.
    const everyMinute = new Rule(this, 'EveryMinute', { schedule: Schedule.cron({ minute: '*' }) });
    everyMinute.addTarget(new LambdaTarget(tick.lambda, { maxEventAge: Duration.minutes(1), retryAttempts: 0 }));
    return tick;
  }

  #route(authorizer: SocketFunction, connect: SocketFunction, disconnect: SocketFunction): void {
    const message = this.#createFunction('Message', {
      entry: 'message',
      description: 'Answers a frame',
      environment: {},
      timeout: Duration.seconds(10),
      memorySize: 256,
    });
    this.#api.addRoute('$connect', {
      integration: new WebSocketLambdaIntegration('Connect', connect.lambda),
      authorizer: new WebSocketLambdaAuthorizer('Session', authorizer.lambda, {
        // Who brings no token at all is answered 401 by API Gateway itself and costs no Lambda.
        identitySource: [`route.request.querystring.${tokenParameter}`],
      }),
    });
    this.#api.addRoute('$disconnect', {
      integration: new WebSocketLambdaIntegration('Disconnect', disconnect.lambda),
    });
    this.#api.addRoute('$default', {
      integration: new WebSocketLambdaIntegration('Message', message.lambda),
      returnResponse: true,
    });
  }

  #createFunction(id: string, props: Omit<SocketFunctionProps, 'logRetention'>): SocketFunction {
    return new SocketFunction(this, id, { ...props, logRetention: this.#logRetention });
  }

  #deliverEnvironment(): DeliverEnvironment & Record<string, string> {
    return { CONNECTIONS_TABLE: this.#tables.connections.tableName, CALLBACK_URL: this.#stage.callbackUrl };
  }

  /** https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-control-access-iam.html */
  #postArn(): string {
    const { region, account } = Stack.of(this);
    const api = `arn:${Aws.PARTITION}:execute-api:${region}:${account}:${this.#api.apiId}`;
    return `${api}/${this.#stage.stageName}/POST/@connections/*`;
  }
}

function createSessionCheckAlarm(authorizer: SocketFunction): Alarm {
  return new Alarm(authorizer, 'Alarm', {
    alarmDescription: 'Session checks fail, so nobody can connect: PHP is down, slow, or does not trust the gateway.',
    metric: authorizer.lambda.metricErrors({ period: Duration.minutes(1), statistic: 'sum' }),
    comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    threshold: 1,
    evaluationPeriods: 5,
    datapointsToAlarm: 3,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
}
