import { join } from 'node:path';
import { CfnOutput, Fn, Stack } from 'aws-cdk-lib';
import {
  CfnApi,
  CfnAuthorizer,
  CfnDeployment,
  CfnIntegration,
  CfnRoute,
  CfnRouteResponse,
  CfnStage,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { CfnTable } from 'aws-cdk-lib/aws-dynamodb';
import { CfnRole } from 'aws-cdk-lib/aws-iam';
import { CfnFunction, CfnPermission } from 'aws-cdk-lib/aws-lambda';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { Construct } from 'constructs';

const handlers = join(import.meta.dirname, 'handlers');
const stageName = 'live';
const index = 'byConnection';

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: string;
}

/**
 * An auction, as somebody would write it who knows CloudFormation and nothing of the local cloud: L1 constructs, no
 * `$default` route, a header for an identity source, a deployment made by hand, a role for each function with what it needs.
 */
export class AuctionStack extends Stack {
  readonly #api: CfnApi;
  readonly #routes: CfnRoute[] = [];

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.#api = new CfnApi(this, 'Api', {
      name: 'Auction',
      protocolType: 'WEBSOCKET',
      routeSelectionExpression: '$request.body.action',
    });
    const table = new CfnTable(this, 'Table', {
      attributeDefinitions: ['auction', 'connectionId'].map((name) => ({ attributeName: name, attributeType: 'S' })),
      keySchema: [
        { attributeName: 'auction', keyType: 'HASH' },
        { attributeName: 'connectionId', keyType: 'RANGE' },
      ],
      globalSecondaryIndexes: [
        {
          indexName: index,
          keySchema: [{ attributeName: 'connectionId', keyType: 'HASH' }],
          projection: { projectionType: 'KEYS_ONLY' },
        },
      ],
      billingMode: 'PAY_PER_REQUEST',
      timeToLiveSpecification: { attributeName: 'expiresAt', enabled: true },
    });

    const rows = (...Action: readonly string[]): Statement => ({ Action, Resource: table.attrArn });
    const post: Statement = {
      Action: 'execute-api:ManageConnections',
      Resource: this.#arn(`/${stageName}/POST/@connections/*`),
    };
    const environment = { TABLE: table.ref };
    const authorize = this.#lambda('Authorize', 'authorize', {});
    const joinAuction = this.#lambda('Join', 'join', environment, rows('dynamodb:PutItem', 'dynamodb:GetItem'), post);
    const bidRights = rows('dynamodb:UpdateItem', 'dynamodb:Query', 'dynamodb:DeleteItem');
    const bid = this.#lambda('Bid', 'bid', environment, bidRights, post);
    const leave = this.#lambda(
      'Leave',
      'leave',
      { ...environment, INDEX: index },
      { Action: 'dynamodb:Query', Resource: `${table.attrArn}/index/${index}` },
      rows('dynamodb:BatchWriteItem'),
    );

    const authorizer = new CfnAuthorizer(this, 'Authorizer', {
      apiId: this.#api.ref,
      name: 'Bidders',
      authorizerType: 'REQUEST',
      authorizerUri: this.#invocationOf(authorize),
      identitySource: ['route.request.header.Authorization'],
    });
    this.#permit('AuthorizePermission', authorize, `/authorizers/${authorizer.ref}`);

    const invoker = this.#role('Invoker', 'apigateway.amazonaws.com', {
      Action: 'lambda:InvokeFunction',
      Resource: Fn.join('', [
        'arn:',
        this.partition,
        ':lambda:',
        this.region,
        ':',
        this.account,
        ':function:auction-*',
      ]),
    });
    this.#addRoute('Connect', '$connect', undefined, { authorizationType: 'CUSTOM', authorizerId: authorizer.ref });
    this.#addRoute('JoinRoute', 'join', joinAuction, {}, invoker.attrArn);
    this.#addRoute('LeaveRoute', 'leave', leave, {}, invoker.attrArn);
    this.#addRoute('Disconnect', '$disconnect', leave);
    this.#permit('DisconnectPermission', leave, `/${stageName}/$disconnect`);
    const bidRoute = this.#addRoute('BidRoute', 'bid', bid, { routeResponseSelectionExpression: '$default' });
    this.#permit('BidPermission', bid, `/${stageName}/bid`);
    new CfnRouteResponse(this, 'BidResponse', {
      apiId: this.#api.ref,
      routeId: bidRoute.ref,
      routeResponseKey: '$default',
    });

    const deployment = new CfnDeployment(this, 'Deployment', { apiId: this.#api.ref });
    for (const route of this.#routes) deployment.addResourceDependency(route);
    new CfnStage(this, 'Stage', {
      apiId: this.#api.ref,
      stageName,
      deploymentId: deployment.ref,
      stageVariables: { house: 'east' },
    });
    new CfnOutput(this, 'WebSocketUrl', { value: `${this.#api.attrApiEndpoint}/${stageName}` });
  }

  #addRoute(
    id: string,
    routeKey: string,
    target: CfnFunction | undefined,
    more: Partial<ConstructorParameters<typeof CfnRoute>[2]> = {},
    credentialsArn?: string,
  ): CfnRoute {
    const integration =
      target === undefined
        ? undefined
        : new CfnIntegration(this, `${id}Integration`, {
            apiId: this.#api.ref,
            integrationType: 'AWS_PROXY',
            integrationUri: this.#invocationOf(target),
            ...(credentialsArn === undefined ? {} : { credentialsArn }),
          });
    const route = new CfnRoute(this, id, {
      apiId: this.#api.ref,
      routeKey,
      authorizationType: 'NONE',
      ...(integration === undefined ? {} : { target: Fn.join('/', ['integrations', integration.ref]) }),
      ...more,
    });
    this.#routes.push(route);
    return route;
  }

  #lambda(
    id: string,
    folder: string,
    variables: Record<string, string>,
    ...statements: readonly Statement[]
  ): CfnFunction {
    const code = new Asset(this, `${id}Code`, { path: join(handlers, folder) });
    return new CfnFunction(this, id, {
      functionName: `auction-${folder}`,
      code: { s3Bucket: code.s3BucketName, s3Key: code.s3ObjectKey },
      handler: 'index.handler',
      runtime: 'nodejs22.x',
      timeout: 10,
      role: this.#role(`${id}Role`, 'lambda.amazonaws.com', ...statements).attrArn,
      environment: { variables },
    });
  }

  #role(id: string, Service: string, ...statements: readonly Statement[]): CfnRole {
    const own = statements.map((each) => ({ Effect: 'Allow', ...each }));
    return new CfnRole(this, id, {
      assumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service } }],
      },
      ...(Service === 'lambda.amazonaws.com'
        ? { managedPolicyArns: [`arn:${this.partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole`] }
        : {}),
      ...(own.length === 0
        ? {}
        : { policies: [{ policyName: 'own', policyDocument: { Version: '2012-10-17', Statement: own } }] }),
    });
  }

  #permit(id: string, target: CfnFunction, source: string): void {
    new CfnPermission(this, id, {
      action: 'lambda:InvokeFunction',
      functionName: target.ref,
      principal: 'apigateway.amazonaws.com',
      sourceArn: this.#arn(source),
    });
  }

  /** Of what is behind the API's id. */
  #arn(behind: string): string {
    return `arn:${this.partition}:execute-api:${this.region}:${this.account}:${this.#api.ref}${behind}`;
  }

  #invocationOf(target: CfnFunction): string {
    const path = 'lambda:path/2015-03-31/functions';
    return `arn:${this.partition}:apigateway:${this.region}:${path}/${target.attrArn}/invocations`;
  }
}
