import type { TestTemplate } from './assembly.ts';

/** An HTTP API beside the WebSocket API, as CDK's `HttpApi` writes it. */
export function addHttpApi(template: TestTemplate, stageName = '$default'): void {
  Object.assign(template.Resources, {
    Http: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'Http', ProtocolType: 'HTTP' } },
    HttpStage: {
      Type: 'AWS::ApiGatewayV2::Stage',
      Properties: { ApiId: { Ref: 'Http' }, StageName: stageName, AutoDeploy: true, StageVariables: { tier: 'gold' } },
    },
    HttpFunctionRole: template.Resources['MessageRole'],
    HttpFunction: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Code: { S3Bucket: 'assets', S3Key: 'http.zip' },
        Handler: 'index.handler',
        Role: { 'Fn::GetAtt': ['HttpFunctionRole', 'Arn'] },
        Runtime: 'nodejs24.x',
      },
    },
    HttpPermission: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        Action: 'lambda:InvokeFunction',
        FunctionName: { 'Fn::GetAtt': ['HttpFunction', 'Arn'] },
        Principal: 'apigateway.amazonaws.com',
        SourceArn: {
          'Fn::Join': [
            '',
            ['arn:aws:execute-api:us-east-1:123456789012:', { Ref: 'Http' }, '/*/*/apps/{app_id}/events'],
          ],
        },
      },
    },
    HttpIntegration: {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: {
        ApiId: { Ref: 'Http' },
        IntegrationType: 'AWS_PROXY',
        IntegrationUri: { 'Fn::GetAtt': ['HttpFunction', 'Arn'] },
        PayloadFormatVersion: '2.0',
      },
    },
    HttpRoute: {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: {
        ApiId: { Ref: 'Http' },
        RouteKey: 'POST /apps/{app_id}/events',
        Target: { 'Fn::Join': ['/', ['integrations', { Ref: 'HttpIntegration' }]] },
      },
    },
  });
}
