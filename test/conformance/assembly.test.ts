import { expect } from 'vitest';
import type { TestTemplate } from '../assemblies/assembly.ts';
import { addTwoWayRoute, chatTemplate, dropDefaultRoute, setProperties } from '../assemblies/chat.ts';
import { type Chat, startChat } from '../assemblies/start-chat.ts';
import { connect } from '../socket-client.ts';
import { itHere } from './target.ts';

async function reply(chat: Chat, message: unknown): Promise<Record<string, unknown>> {
  const client = await connect(`${chat.cloud.webSocketUrl}?token=allow`);
  client.send(message);
  return JSON.parse(await client.next());
}

const integration = { Ref: 'DefaultRouteIntegration' };

itHere.each([
  ['Join of integrations/ and the id', { 'Fn::Join': ['', ['integrations/', integration]] }],
  ['Join with / between the two', { 'Fn::Join': ['/', ['integrations', integration]] }],
  ['Sub', { 'Fn::Sub': `integrations/$\{${integration.Ref}}` }],
])('#71 a target may be a %s', async (_, Target) => {
  const chat = await startChat({ change: (template) => setProperties(template, 'DefaultRoute', { Target }) });
  expect(await reply(chat, 'hello')).toMatchObject({ echo: 'hello' });
  await chat.close();
});

/** A stage that shows a deployment, which knows the routes that were there before it. */
function deployOnly(template: TestTemplate, routes: readonly string[]): void {
  const DependsOn = [...routes];
  template.Resources['Deployment'] = {
    Type: 'AWS::ApiGatewayV2::Deployment',
    Properties: { ApiId: { Ref: 'Api' } },
    DependsOn,
  };
  setProperties(template, 'Stage', { AutoDeploy: false, DeploymentId: { Ref: 'Deployment' } });
}

itHere('#71 a route that was not deployed is no match: Forbidden', async () => {
  const chat = await startChat({
    change(template) {
      dropDefaultRoute(template);
      addTwoWayRoute(template, 'later');
      deployOnly(template, ['ConnectRoute', 'DisconnectRoute', 'OneWayRoute']);
    },
  });
  expect(await reply(chat, { action: 'later' })).toMatchObject({ message: 'Forbidden' });
  expect(await reply(chat, { action: 'oneWay', throws: true })).toMatchObject({ message: 'Internal server error' });
  await chat.close();
});

itHere('#71 with it deployed it answers', async () => {
  const chat = await startChat({
    change(template) {
      dropDefaultRoute(template);
      addTwoWayRoute(template, 'later');
      deployOnly(template, ['ConnectRoute', 'DisconnectRoute', 'OneWayRoute', 'AddedRoute']);
    },
  });
  expect(await reply(chat, { action: 'later' })).toMatchObject({ routeKey: 'later' });
  await chat.close();
});

itHere('#72 code is found without any metadata in the template', async () => {
  expect(JSON.stringify(chatTemplate())).not.toContain('aws:asset');
  const chat = await startChat();
  expect(await chat.cloud.functions['Worker']?.invoke({ action: 'nothing' })).toMatchObject({ outcome: 'returned' });
  await chat.close();
});

itHere('#72 and a key that is in no manifest is refused at start, with the logical id', async () => {
  const change = (template: TestTemplate) =>
    setProperties(template, 'Worker', {
      Code: { S3Bucket: 'assets', S3Key: { 'Fn::Join': ['', ['nowhere', '.zip']] } },
    });
  await expect(startChat({ change })).rejects.toThrow('Worker: there is no asset folder for nowhere.zip.');
});
