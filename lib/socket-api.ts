import { Stack } from 'aws-cdk-lib';
import { WebSocketApi, type WebSocketRouteOptions, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketLambdaAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { TokenSource } from '../functions/core/handshake/way-in.ts';
import { identitySources } from '../functions/edge/identity-sources.ts';
import { accessLog, createLogAccount, socketLogFormat } from './access-log.ts';
import { acknowledge, arnInFinding } from './nag.ts';
import type { RateLimit } from './session-socket-props.ts';
import type { SocketFunction } from './socket-function.ts';

export interface SocketApiProps {
  /** Shown in the console; it need not be unique. */
  readonly name: string;
  readonly tokenFrom: TokenSource;
  readonly throttle: RateLimit;
  readonly cloudWatchRole: boolean;
  readonly logRetention: RetentionDays;
}

/** Who answers at which of the three doors. */
export interface SocketRoutes {
  /** Asked before `connect`, and never again. */
  readonly authorizer: SocketFunction;
  readonly connect: SocketFunction;
  readonly message: SocketFunction;
  readonly disconnect: SocketFunction;
}

/** The WebSocket API with its one stage and what is logged of it. */
export class SocketApi extends Construct {
  readonly api: WebSocketApi;
  readonly stage: WebSocketStage;
  readonly #tokenFrom: TokenSource;

  constructor(scope: Construct, id: string, props: SocketApiProps) {
    super(scope, id);
    this.#tokenFrom = props.tokenFrom;
    this.api = new WebSocketApi(this, 'Api', {
      apiName: props.name,
      description: 'Sockets for who is logged in over PHP',
      // Every frame of the protocol names its event there.
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
        // Who brings no token at all is answered 401 by API Gateway itself and costs no Lambda.
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
   * Allows to post to every socket of this stage, by the one verb of @connections that does it
   * (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-control-access-iam.html).
   */
  allowPosts(poster: SocketFunction): void {
    this.#allow(poster, 'POST');
  }

  /** Allows to close them. */
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
      'Sockets get their ids when they open, so "every socket of this one stage" is the narrowest that can be said.',
    );
  }

  #addInnerRoute(routeKey: string, options: WebSocketRouteOptions): void {
    const route = this.api.addRoute(routeKey, options);
    acknowledge(
      route,
      'AwsSolutions-APIG4',
      'API Gateway authorizes a WebSocket at $connect and nowhere else; who passed there reaches this route.',
    );
  }
}
