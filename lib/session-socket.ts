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
import type { SessionMode } from '../functions/core/handshake/session.ts';
import type { TokenSource } from '../functions/core/handshake/way-in.ts';
import type { PhpEnvironment } from '../functions/edge/environment.ts';
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

/** The Lambdas. */
export interface SessionSocketFunctions {
  /** Asks PHP who opens a socket, before `connect`. */
  readonly authorizer: LambdaFunction;
  readonly connect: LambdaFunction;
  readonly message: LambdaFunction;
  readonly disconnect: LambdaFunction;
  /** Answers PHP: publishes, and closes sockets. */
  readonly httpApi: LambdaFunction;
  /** Posts the welcome and broadcasts to many. */
  readonly deliver: LambdaFunction;
  /** Closes sockets whose session is over, every minute. */
  readonly revalidate: LambdaFunction;
  /** Says hello to everyone; undefined without the prop `hello`. */
  readonly tick: LambdaFunction | undefined;
}

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

  /** What browsers connect to, and its one stage, `live`. */
  readonly webSocketApi: WebSocketApi;
  readonly webSocketStage: WebSocketStage;
  /** What PHP calls, and its one stage, `$default`. */
  readonly httpApi: HttpApi;
  readonly httpStage: HttpStage;
  readonly tables: SessionSocketTables;
  readonly functions: SessionSocketFunctions;

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

  readonly #ownNamespace: string;

  /** @throws BadProps with one plain sentence about the first prop that cannot work or would not be safe */
  constructor(scope: Construct, id: string, props: SessionSocketProps) {
    super(scope, id);
    const settled = settleProps(props);
    const { wayIn, revalidate: interval, logRetention } = settled;
    const logging: FunctionLogging = { retention: logRetention, systemLogLevel: settled.systemLogLevel };
    this.mode = wayIn.mode;
    this.tokenFrom = wayIn.tokenFrom;
    const { appId, key } = identify(this, props);
    this.appId = appId;
    this.key = key;
    this.#ownNamespace = `${metricNamespace}/${appId}`;

    this.secret = createSecret(this);
    const credentials = { APP_ID: appId, KEY: key, CREDENTIALS_SECRET_ARN: this.secret.secretArn };
    const php: PhpEnvironment = {
      ...credentials,
      SESSION_ENDPOINT: settled.sessionEndpoint,
      SESSION_MODE: wayIn.mode,
      SESSION_TIMEOUT_MS: String(settled.sessionTimeout.toMilliseconds()),
      COOKIE_NAME: wayIn.cookieName,
    };
    const tables = new ConnectionTables(this, 'Tables');
    const api = new SocketApi(this, 'Sockets', {
      name: nameOf(this),
      throttle: settled.throttle,
      tokenFrom: wayIn.tokenFrom,
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
    // In an update from 0.1.0: only its own rows may be left to a Message of 0.1.0, and only until the owners are written that it does
    // not write.
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
   * A metric of the functions by its name in docs/operations.md. The dimension `service` is the same for all, so gateways in one account and
   * region are counted together.
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

  /** Handshakes that failed because PHP, or the secret, could not be asked. @default - sum over 5 minutes */
  metricHandshakesUnavailable(props?: MetricOptions): Metric {
    return this.metric('HandshakeUnavailable', props);
  }

  /** Frames that got an error because of a fault of ours or of AWS. No alarm counts them. @default - sum over 5 minutes */
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
