import { Stack } from 'aws-cdk-lib';
import { WebSocketApi, type WebSocketRouteOptions, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketLambdaAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { TokenSource } from '../functions/core/handshake/handshake-options.ts';
import { tokenParameter } from '../functions/edge/authorizer-event.ts';
import { accessLog, createLogAccount, socketLogFormat } from './access-log.ts';
import { acknowledge, arnInFinding } from './nag.ts';
import type { RateLimit } from './session-socket-props.ts';
import type { SocketFunction } from './socket-function.ts';

/** The authorizer's only identity source. API Gateway answers a request without it with 401, and starts no Lambda. */
const identitySources = {
  query: `route.request.querystring.${tokenParameter}`,
  subprotocol: 'route.request.header.Sec-WebSocket-Protocol',
  cookie: 'route.request.header.Cookie',
} as const satisfies Record<TokenSource, string>;

export interface SocketApiProps {
  /** Shown in the console; it need not be unique. */
  readonly name: string;
  readonly tokenFrom: TokenSource;
  readonly throttle: RateLimit;
  readonly cloudWatchRole: boolean;
  readonly logRetention: RetentionDays;
}

/** The functions behind the three routes, and the authorizer. */
export interface SocketRoutes {
  /** Runs before `connect`, and never again for the connection. */
  readonly authorizer: SocketFunction;
  readonly connect: SocketFunction;
  readonly message: SocketFunction;
  readonly disconnect: SocketFunction;
}

/** The WebSocket API with its only stage and its access log. */
export class SocketApi extends Construct {
  readonly api: WebSocketApi;
  readonly stage: WebSocketStage;
  readonly #tokenFrom: TokenSource;

  constructor(scope: Construct, id: string, props: SocketApiProps) {
    super(scope, id);
    this.#tokenFrom = props.tokenFrom;
    this.api = new WebSocketApi(this, 'Api', {
      apiName: props.name,
      description: 'Sockets for users who are logged in to a PHP app',
      // Every frame of the protocol has its event's name there.
      routeSelectionExpression: '$request.body.event',
    });
    this.stage = new WebSocketStage(this, 'Stage', {
      webSocketApi: this.api,
      stageName: 'live',
      autoDeploy: true,
      throttle: props.throttle,
      accessLogSettings: accessLog(this, props.logRetention, socketLogFormat),
    });
    if (props.cloudWatchRole) this.stage.node.addDependency(createLogAccount(this));
  }

  route({ authorizer, connect, message, disconnect }: SocketRoutes): void {
    this.api.addRoute('$connect', {
      integration: new WebSocketLambdaIntegration('Connect', connect.lambda),
      authorizer: new WebSocketLambdaAuthorizer('Session', authorizer.lambda, {
        identitySource: [identitySources[this.#tokenFrom]],
      }),
    });
    this.#addInnerRoute('$disconnect', {
      integration: new WebSocketLambdaIntegration('Disconnect', disconnect.lambda),
    });
    this.#addInnerRoute('$default', {
      integration: new WebSocketLambdaIntegration('Message', message.lambda),
      returnResponse: true,
    });
  }

  /**
   * Allows a function to post to every socket of this stage, with only that verb of @connections
   * (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-control-access-iam.html).
   */
  allowPosts(poster: SocketFunction): void {
    this.#allow(poster, 'POST');
  }

  /** Allows a function to close every socket of this stage. */
  allowCloses(closer: SocketFunction): void {
    this.#allow(closer, 'DELETE');
  }

  #allow(manager: SocketFunction, method: 'POST' | 'DELETE'): void {
    const stack = Stack.of(this);
    const resourceName = `${this.stage.stageName}/${method}/@connections/*`;
    const sockets = stack.formatArn({ service: 'execute-api', resource: this.api.apiId, resourceName });
    manager.allow('execute-api:ManageConnections', sockets);
    acknowledge(
      manager,
      `AwsSolutions-IAM5[Resource::${arnInFinding(stack, sockets)}]`,
      'Sockets get their ids when they open, so "every socket of this stage" is the narrowest possible resource.',
    );
  }

  #addInnerRoute(routeKey: string, options: WebSocketRouteOptions): void {
    const route = this.api.addRoute(routeKey, options);
    acknowledge(
      route,
      'AwsSolutions-APIG4',
      'API Gateway authorizes a WebSocket at $connect and nowhere else; only connected clients reach this route.',
    );
  }
}
