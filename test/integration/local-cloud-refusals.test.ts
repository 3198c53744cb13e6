import { describe, expect, it } from 'vitest';
import type { TestTemplate } from '../assemblies/assembly.ts';
import { addTwoWayRoute, setProperties } from '../assemblies/chat.ts';
import { addHttpApi } from '../assemblies/http-api.ts';
import { startChat } from '../assemblies/start-chat.ts';

/** Turns a route into one that API Gateway answers by itself. */
function mock(template: TestTemplate, RequestTemplates: object): void {
  addTwoWayRoute(template, 'ping');
  const IntegrationType = 'MOCK';
  Object.assign(template.Resources, {
    AddedRouteIntegration: {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: { ApiId: { Ref: 'Api' }, IntegrationType, RequestTemplates },
    },
  });
}

describe('an API that cannot be run as it is written stops the start, with logical id and path', () => {
  it.each<[string, (template: TestTemplate) => void, string]>([
    [
      'a throttle of a route that there is not',
      (template) => setProperties(template, 'Stage', { RouteSettings: { oneway: { ThrottlingRateLimit: 1 } } }),
      'Stage.RouteSettings: there is no route oneway.',
    ],
    [
      'a stage variable that is no text',
      (template) => setProperties(template, 'Stage', { StageVariables: { tier: { of: 'gold' } } }),
      'Stage.StageVariables.tier must be a string.',
    ],
    [
      'a flag that is neither true nor false',
      (template) => setProperties(template, 'Stage', { AutoDeploy: 'yes' }),
      'Stage.AutoDeploy must be true or false.',
    ],
    [
      'throttles of routes that are a list',
      (template) => setProperties(template, 'Stage', { RouteSettings: [] }),
      'Stage.RouteSettings must be an object.',
    ],
    [
      'stage variables that are a text',
      (template) => setProperties(template, 'Stage', { StageVariables: 'tier=gold' }),
      'Stage.StageVariables must be an object.',
    ],
    [
      'a deployment that is none',
      (template) => setProperties(template, 'Stage', { AutoDeploy: false, DeploymentId: 'elsewhere' }),
      'Stage.DeploymentId: elsewhere is not a deployment of this stack.',
    ],
    [
      'a route of an API that is elsewhere',
      (template) => setProperties(template, 'OneWayRoute', { ApiId: 'abc123' }),
      'OneWayRoute.ApiId: abc123 is not an API of this stack.',
    ],
    [
      'a response of a route that is elsewhere',
      (template) => setProperties(template, 'DefaultRouteResponse', { RouteId: 'abc123' }),
      'DefaultRouteResponse.RouteId: abc123 is not part of this API.',
    ],
    [
      'a MOCK that decides by its template which status it has',
      (template) => mock(template, { 200: '#if($context.stage)\n{"statusCode":500}#else{"statusCode":200}#end' }),
      'AddedRouteIntegration.RequestTemplates: the template language is not emulated here.',
    ],
    [
      'a route of an HTTP API that exists twice',
      (template) => {
        addHttpApi(template);
        const { HttpRoute } = template.Resources;
        if (HttpRoute !== undefined) template.Resources['Another'] = HttpRoute;
      },
      'Another: the route POST /apps/{app_id}/events exists twice.',
    ],
    [
      'patience that an HTTP API does not have',
      (template) => {
        addHttpApi(template);
        setProperties(template, 'HttpIntegration', { TimeoutInMillis: 30_001 });
      },
      'HttpIntegration.TimeoutInMillis: must be 50 to 30000, not 30001.',
    ],
  ])('%s', async (_, change, sentence) => {
    await expect(startChat({ change })).rejects.toThrow(sentence);
  });
});
