import { type CfnStage, HttpApi, HttpMethod, HttpStage, PayloadFormatVersion } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { apiRoutes, closesSockets } from '../functions/core/http-api/routes.ts';
import { accessLog, httpLogFormat } from './access-log.ts';
import { acknowledge } from './nag.ts';
import type { RateLimit } from './session-socket-props.ts';
import type { SocketFunction } from './socket-function.ts';

export interface PhpApiProps {
  /** Shown in the console; it need not be unique. */
  readonly name: string;
  /** For publishing and queries together, and once more for each route that closes or rebinds sockets. */
  readonly throttle: RateLimit;
  readonly logRetention: RetentionDays;
  /** Answers every route. */
  readonly handler: SocketFunction;
}

/** The HTTP API for PHP. */
export class PhpApi extends Construct {
  readonly api: HttpApi;
  readonly stage: HttpStage;

  constructor(scope: Construct, id: string, { name, throttle, logRetention, handler }: PhpApiProps) {
    super(scope, id);
    this.api = new HttpApi(this, 'Api', {
      apiName: name,
      description: 'The HTTP API with which PHP publishes events and closes sockets',
      createDefaultStage: false,
    });
    this.stage = new HttpStage(this, 'Stage', {
      httpApi: this.api,
      // Another stage name would be part of the path, but Pusher's libraries sign the path without it.
      stageName: '$default',
      autoDeploy: true,
      throttle,
      accessLogSettings: accessLog(this, logRetention, httpLogFormat),
    });
    const integration = new HttpLambdaIntegration('Publish', handler.lambda, {
      payloadFormatVersion: PayloadFormatVersion.VERSION_2_0,
    });
    for (const { method, path } of apiRoutes) {
      for (const route of this.api.addRoutes({ path, methods: [HttpMethod[method]], integration })) {
        // Settings of a route that does not exist yet fail the deployment
        // (https://github.com/aws/serverless-application-model/issues/2479).
        this.stage.node.addDependency(route.node.defaultChild ?? route);
        acknowledge(
          route,
          'AwsSolutions-APIG4',
          "Pusher's libraries sign their requests with the app's secret, and the function verifies that first.",
        );
      }
    }
    (this.stage.node.defaultChild as CfnStage).routeSettings = throttleEachClosing(throttle);
  }
}

/**
 * So that a flood of events does not block a logout. A route's own settings override those of the stage
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html).
 */
function throttleEachClosing({ rateLimit, burstLimit }: RateLimit): Readonly<Record<string, object>> {
  // With CloudFormation's property names: the type is any JSON, so CDK does not translate them.
  const settings = { ThrottlingRateLimit: rateLimit, ThrottlingBurstLimit: burstLimit };
  const closing = apiRoutes.filter(({ route }) => closesSockets(route));
  return Object.fromEntries(closing.map(({ method, path }) => [`${method} ${path}`, settings]));
}
