import { join } from 'node:path';
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { WebSocketApi, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';

/** The chat that everybody writes first, in L2 constructs: one room, no authorizer, a table of connections. */
export class RoomStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const table = new Table(this, 'Connections', {
      partitionKey: { name: 'connectionId', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
    });
    const lambda = (name: string) =>
      new LambdaFunction(this, name, {
        code: Code.fromAsset(join(import.meta.dirname, 'handlers', name.toLowerCase())),
        handler: 'index.handler',
        runtime: Runtime.NODEJS_22_X,
        environment: { TABLE: table.tableName },
      });
    const [connect, disconnect, send] = [lambda('Connect'), lambda('Disconnect'), lambda('Send')];
    table.grantWriteData(connect);
    table.grantWriteData(disconnect);
    table.grantReadWriteData(send);

    const api = new WebSocketApi(this, 'Room', {
      connectRouteOptions: { integration: new WebSocketLambdaIntegration('OnConnect', connect) },
      disconnectRouteOptions: { integration: new WebSocketLambdaIntegration('OnDisconnect', disconnect) },
    });
    api.addRoute('sendmessage', { integration: new WebSocketLambdaIntegration('OnSend', send) });
    api.grantManageConnections(send);
    const stage = new WebSocketStage(this, 'Stage', { webSocketApi: api, stageName: 'prod', autoDeploy: true });
    new CfnOutput(this, 'WebSocketUrl', { value: stage.url });
  }
}
