import { RemovalPolicy } from 'aws-cdk-lib';
import type { HttpApi, HttpStage, WebSocketApi, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import {
  type Alarm,
  type CompositeAlarm,
  Metric,
  type MetricOptions,
  type MetricProps,
  Stats,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { SessionMode, TokenSource } from '../functions/core/handshake/handshake-options.ts';
import type { PhpEnvironment } from '../functions/edge/environment-variables.ts';
import { metricNamespace, type Occurrence, service } from '../functions/edge/telemetry.ts';
import { alarmOnAny, alarmsBelow, createAlarms, perMinute } from './alarms.ts';
import { identify, nameOf } from './app-identity.ts';
import { Channels } from './channels.ts';
import { ConnectionTables, type SessionSocketTables } from './connection-tables.ts';
import { acknowledge } from './nag.ts';
import { PhpApi } from './php-api.ts';
import {
  createAuthorizer,
  createConnect,
  createDisconnect,
  createHttpApiFunction,
  createMessage,
} from './route-functions.ts';
import { Hello, Revalidation } from './scheduled-functions.ts';
import type { SessionSocketProps } from './session-socket-props.ts';
import { settleProps } from './settle-props.ts';
import { SocketApi } from './socket-api.ts';
import type { FunctionLogging } from './socket-function.ts';

/** The Lambdas of the gateway. */
export interface SessionSocketFunctions {
  /** Asks PHP whose session opens a socket, before `connect`. */
  readonly authorizer: LambdaFunction;
  /** Registers an accepted connection. */
  readonly connect: LambdaFunction;
  /** Answers each frame of a browser. */
  readonly message: LambdaFunction;
  /** Removes a closed connection and its subscriptions. */
  readonly disconnect: LambdaFunction;
  /** Answers PHP: publishes, and closes sockets. */
  readonly httpApi: LambdaFunction;
  /** Posts the welcome and large broadcasts. */
  readonly deliver: LambdaFunction;
  /** Closes sockets whose session has ended, every minute. */
  readonly revalidate: LambdaFunction;
  /** Sends the demo's `hello` to every socket; undefined without the prop `hello`. */
  readonly tick: LambdaFunction | undefined;
}

/** A WebSocket API for users who are logged in to a PHP app, and for nobody else. */
export class SessionSocket extends Construct {
  /** `wss://…/live`. The page adds its token as `tokenFrom` says. */
  readonly webSocketUrl: string;
  /** `https://…`: Pusher's HTTP API, where PHP publishes events and closes sockets. */
  readonly httpApiUrl: string;
  /** How a token becomes a session: the prop `mode`, or its default. */
  readonly mode: SessionMode;
  /** Where the token is: the prop `tokenFrom`, or the mode's default. */
  readonly tokenFrom: TokenSource;
  /**
   * Pusher's application id and key: public, and unchanged while the stack's name and the construct's path are
   * unchanged.
   */
  readonly appId: string;
  readonly key: string;
  /** JSON `{"secret"}`, and `previousSecret` too while the secret is being changed. */
  readonly secret: Secret;

  /** The API for browsers, and its only stage, `live`. */
  readonly webSocketApi: WebSocketApi;
  readonly webSocketStage: WebSocketStage;
  /** The API for PHP, and its only stage, `$default`. */
  readonly httpApi: HttpApi;
  readonly httpStage: HttpStage;
  /** The DynamoDB tables. */
  readonly tables: SessionSocketTables;
  /** The Lambdas, by their task. */
  readonly functions: SessionSocketFunctions;

  /** In alarm while session checks fail, so new clients cannot connect. Add an action to get notified. */
  readonly sessionCheckAlarm: Alarm;
  /**
   * In alarm while accepted connections cannot be registered, so their handshakes fail. Add an action to get notified.
   */
  readonly connectAlarm: Alarm;
  /**
   * In alarm when a logout has left sockets open, or an event could not be published. Add an action to get notified.
   */
  readonly revokeAlarm: Alarm;
  /** In alarm when a large broadcast did not reach a connected subscriber. Add an action to get notified. */
  readonly deliveryAlarm: Alarm;
  /**
   * In alarm when more users than plausible were logged out at once, or PHP does not answer. Add an action to get
   * notified.
   */
  readonly revalidateAlarm: Alarm;
  /** All alarms: these five, and those on throttles, on both APIs and on late session checks. */
  readonly alarms: readonly Alarm[];
  /**
   * In alarm while any of `alarms` is. Add an action to this alarm alone to get one message, however many alarms go off.
   */
  readonly alarm: CompositeAlarm;

  readonly #ownNamespace: string;

  /** @throws BadProps with one plain sentence about the first prop that cannot work or would not be safe */
  constructor(scope: Construct, id: string, props: SessionSocketProps) {
    super(scope, id);
    const settled = settleProps(props);
    const { handshake, revalidate: interval, logRetention } = settled;
    const logging: FunctionLogging = { retention: logRetention, systemLogLevel: settled.systemLogLevel };
    this.mode = handshake.mode;
    this.tokenFrom = handshake.tokenFrom;
    const { appId, key } = identify(this, props);
    this.appId = appId;
    this.key = key;
    this.#ownNamespace = `${metricNamespace}/${appId}`;

    this.secret = createSecret(this);
    const credentials = { APP_ID: appId, KEY: key, CREDENTIALS_SECRET_ARN: this.secret.secretArn };
    const php: PhpEnvironment = {
      ...credentials,
      SESSION_ENDPOINT: settled.sessionEndpoint,
      SESSION_MODE: handshake.mode,
      SESSION_TIMEOUT_MS: String(settled.sessionTimeout.toMilliseconds()),
      COOKIE_NAME: handshake.cookieName,
    };
    const tables = new ConnectionTables(this, 'Tables');
    const api = new SocketApi(this, 'Sockets', {
      name: nameOf(this),
      throttle: settled.throttle,
      tokenFrom: handshake.tokenFrom,
      cloudWatchRole: settled.cloudWatchRole,
      logRetention,
    });
    const { accountRequestQuota } = settled;
    const channels = new Channels(this, 'Channels', { api, tables, accountRequestQuota, logging });

    const authorizer = createAuthorizer(this, { settled, php, logging });
    const httpApi = createHttpApiFunction(this, { settled, credentials, tables, api, channels, logging });
    const phpApi = new PhpApi(this, 'Http', {
      name: nameOf(this),
      throttle: settled.httpThrottle,
      logRetention,
      handler: httpApi,
    });
    const asking = interval && { php, interval, atOnce: settled.sessionChecks.again };
    const revalidation = new Revalidation(this, 'Revalidation', { tables, channels, api, logging, asking });
    const { revalidate } = revalidation;
    const tick = settled.hello ? new Hello(this, 'Hello', { tables, api, logging }).tick : undefined;
    const connect = createConnect(this, { settled, tables, channels, revalidate, tick, logging });
    const message = createMessage(this, { settled, credentials, tables, api, channels, logging });
    // For an update from 0.1.0: Message of 0.1.0 does not write owners. It must be replaced before the new Connect adds
    // rows, and before the new Revalidate writes the missing owners.
    for (const { node } of [connect, revalidation]) node.addDependency(message);
    const disconnect = createDisconnect(this, { channels, logging });
    api.route({ authorizer, connect, message, disconnect });

    const { deliver } = channels;
    deliver.countInLog('Lost', this.#ownNamespace);
    if (interval !== undefined) revalidate.countInLog('RecheckLate', this.#ownNamespace);
    const named = createAlarms({
      functions: { authorizer, connect, message, disconnect, httpApi, deliver, revalidate, tick },
      tables,
      webSocketStage: api.stage,
      httpStage: phpApi.stage,
      lost: this.metricLost(perMinute),
      late: interval && this.metricRechecksLate(perMinute),
    });

    this.webSocketUrl = api.stage.url;
    this.httpApiUrl = phpApi.api.apiEndpoint;
    this.webSocketApi = api.api;
    this.webSocketStage = api.stage;
    this.httpApi = phpApi.api;
    this.httpStage = phpApi.stage;
    this.tables = tables;
    this.functions = {
      authorizer: authorizer.lambda,
      connect: connect.lambda,
      message: message.lambda,
      disconnect: disconnect.lambda,
      httpApi: httpApi.lambda,
      deliver: deliver.lambda,
      revalidate: revalidate.lambda,
      tick: tick?.lambda,
    };
    this.sessionCheckAlarm = named.sessionCheck;
    this.connectAlarm = named.connect;
    this.revokeAlarm = named.revoke;
    this.deliveryAlarm = named.delivery;
    this.revalidateAlarm = named.revalidate;
    this.alarms = alarmsBelow(this);
    this.alarm = alarmOnAny(this, this.alarms);
  }

  /**
   * A metric of the functions by its name in docs/operations.md. All gateways share the dimension `service`, so those
   * in one account and region are counted together.
   * @default - sum over 5 minutes
   */
  metric(name: Occurrence, props?: MetricOptions): Metric {
    return this.#count({ namespace: metricNamespace, metricName: name, dimensionsMap: { service } }, props);
  }

  /** Handshakes that were accepted and registered. @default - sum over 5 minutes */
  metricConnected(props?: MetricOptions): Metric {
    return this.metric('Connected', props);
  }

  /** Sockets that closed. @default - sum over 5 minutes */
  metricDisconnected(props?: MetricOptions): Metric {
    return this.metric('Disconnected', props);
  }

  /** Handshakes that PHP or the gateway rejected. @default - sum over 5 minutes */
  metricHandshakesRefused(props?: MetricOptions): Metric {
    return this.metric('HandshakeRefused', props);
  }

  /** Handshakes that failed because PHP, or Secrets Manager, did not answer. @default - sum over 5 minutes */
  metricHandshakesUnavailable(props?: MetricOptions): Metric {
    return this.metric('HandshakeUnavailable', props);
  }

  /**
   * Frames that failed because of a fault in the gateway or in AWS. No alarm counts them. @default - sum over 5 minutes
   */
  metricFramesFailed(props?: MetricOptions): Metric {
    return this.metric('FrameFailed', props);
  }

  /** Events that PHP published, each on one channel. @default - sum over 5 minutes */
  metricPublished(props?: MetricOptions): Metric {
    return this.metric('Published', props);
  }

  /** Posts that reached their sockets. @default - sum over 5 minutes */
  metricDelivered(props?: MetricOptions): Metric {
    return this.metric('Delivered', props);
  }

  /** Posts of this gateway's `deliver` that were lost after every retry. @default - sum over 5 minutes */
  metricLost(props?: MetricOptions): Metric {
    return this.#count({ namespace: this.#ownNamespace, metricName: 'Lost' }, props);
  }

  /** Sessions of this gateway that were due for a check and not checked. @default - sum over 5 minutes */
  metricRechecksLate(props?: MetricOptions): Metric {
    return this.#count({ namespace: this.#ownNamespace, metricName: 'RecheckLate' }, props);
  }

  #count(counted: MetricProps, props: MetricOptions = {}): Metric {
    return new Metric({ statistic: Stats.SUM, ...counted, ...props }).attachTo(this);
  }
}

function createSecret(scope: Construct): Secret {
  const secret = new Secret(scope, 'Credentials', {
    description: 'The secret that PHP and the gateway share',
    // Never change this: CloudFormation would generate another secret, and PHP would still have the old one.
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
    'PHP holds a copy that the stack cannot change, so an automatic rotation would lock everybody out.',
  );
  return secret;
}
