import { type App, Aws, Fn, NestedStack, Stack, Stage } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { describe, expect, it } from 'vitest';
import { identify } from '../../lib/app-identity.ts';
import { BadProps, type SessionSocket, SessionSocketStack } from '../../lib/index.ts';
import { createApp, deploy, least, readDeployment } from './deployment.ts';

const identityOf = ({ appId, key }: SessionSocket) => ({ appId, key });
const shopIn = (scope: App | Stage, props: Partial<ConstructorParameters<typeof SessionSocketStack>[2]> = {}) =>
  new SessionSocketStack(scope, 'Shop', { stackName: 'Shop', ...least, ...props });
const shop = identityOf(shopIn(createApp()).sessionSocket);

describe('the application id and the key', () => {
  it('are twelve digits without a leading 0, and twenty hex digits', () => {
    const stack = new Stack(createApp(), 'Shop');
    for (let n = 0; n < 1000; n += 1) {
      const { appId, key } = identify(new Construct(stack, `Sockets${n}`), {});
      expect(appId).toMatch(/^[1-9][0-9]{11}$/);
      expect(key).toMatch(/^[0-9a-f]{20}$/);
    }
  });

  // A release that derives them in another way would rename every deployed app, and PHP would not know it.
  it('are the same in every release', () => {
    expect(shop).toEqual({ appId: '895326053837', key: '35ad5bf55f2ffbb8ddac' });
  });

  it('differ between two constructs of one stack, and between two stacks', () => {
    const app = createApp();
    const [here, there] = [new Stack(app, 'Shop'), new Stack(app, 'Desk')];
    const places = [new Construct(here, 'Sockets'), new Construct(here, 'Desk'), new Construct(there, 'Sockets')];
    const identities = places.map((place) => identify(place, {}));
    expect(new Set(identities.map(({ appId }) => appId)).size).toBe(3);
    expect(new Set(identities.map(({ key }) => key)).size).toBe(3);
  });

  it('stay the same when the stack moves within the CDK app and keeps its name', () => {
    const app = createApp();
    expect(identityOf(shopIn(new Stage(app, 'Live')).sessionSocket)).toEqual(shop);
    expect(identityOf(shopIn(new Stage(new Stage(app, 'All'), 'Live')).sessionSocket)).toEqual(shop);
    expect(identityOf(shopIn(app, { hello: true, mode: 'session-id' }).sessionSocket)).toEqual(shop);
  });

  it('in a nested stack are derived from the outermost one, whose name is known', () => {
    const nestedIn = (outer: Stack, id: string) => {
      const inner = new NestedStack(new NestedStack(outer, 'Middle'), id);
      return identify(new Construct(inner, 'Sockets'), {});
    };
    const live = new Stack(createApp(), 'Live');
    const moved = new Stack(new Stage(createApp(), 'Stage'), 'Moved', { stackName: 'Live' });
    const desk = new Stack(createApp(), 'Desk');
    const nested = nestedIn(live, 'Inner');
    expect(nested.appId).toMatch(/^[1-9][0-9]{11}$/);
    expect(nestedIn(moved, 'Inner')).toEqual(nested);
    expect(nestedIn(desk, 'Inner').appId).not.toBe(nested.appId);
  });

  it('can be set, each separately', () => {
    const [longestId, longestKey] = ['a_-9'.repeat(16), 'A_-9'.repeat(8)];
    const { Outputs } = deploy({ appId: longestId, key: longestKey }).template;
    expect([Outputs?.['AppId']?.Value, Outputs?.['Key']?.Value]).toEqual([longestId, longestKey]);
    expect(identityOf(shopIn(createApp(), { appId: '42' }).sessionSocket)).toEqual({ ...shop, appId: '42' });
    expect(identityOf(shopIn(createApp(), { key: 'k' }).sessionSocket)).toEqual({ ...shop, key: 'k' });
  });

  it.each([
    [{ appId: '' }, 'appId "" cannot be part of a URL; use 1 to 64 letters, digits, - and _.'],
    [{ appId: 'my shop' }, 'appId "my shop" cannot be part of a URL; use 1 to 64 letters, digits, - and _.'],
    [{ appId: 'shop/1' }, 'appId "shop/1" cannot be part of a URL; use 1 to 64 letters, digits, - and _.'],
    [{ appId: '1\n' }, 'appId "1\n" cannot be part of a URL; use 1 to 64 letters, digits, - and _.'],
    // As plain JavaScript may say it.
    [{ appId: 123456789012 as unknown as string }, 'appId must be a string; write it in quotes.'],
    [
      { appId: '1'.repeat(65) },
      `appId "${'1'.repeat(65)}" cannot be part of a URL; use 1 to 64 letters, digits, - and _.`,
    ],
    [{ key: 'a.b' }, 'key "a.b" cannot be part of a URL; use 1 to 32 letters, digits, - and _.'],
    [{ key: 'k'.repeat(33) }, `key "${'k'.repeat(33)}" cannot be part of a URL; use 1 to 32 letters, digits, - and _.`],
    [{ appId: Aws.ACCOUNT_ID }, 'appId must be known at synth, because other names contain it; use plain text.'],
    [{ key: Fn.importValue('Key') }, 'key must be known at synth, because other names contain it; use plain text.'],
  ])('are rejected with one sentence if they are invalid: %j', (props, sentence) => {
    expect(() => deploy(props)).toThrow(new BadProps(sentence));
  });

  it('reach every function that signs or verifies, with the ARN of the secret', () => {
    const deployment = deploy();
    const { Outputs } = deployment.template;
    for (const path of ['Authorizer', 'Message', 'Publish', 'Revalidation']) {
      expect(deployment.the('AWS::Lambda::Function', path).Properties['Environment'].Variables).toMatchObject({
        APP_ID: Outputs?.['AppId']?.Value,
        KEY: Outputs?.['Key']?.Value,
        CREDENTIALS_SECRET_ARN: { Ref: deployment.the('AWS::SecretsManager::Secret').logicalId },
      });
    }
  });

  it('are part of the metric behind the alarm of lost events', () => {
    const deployment = deploy();
    const [{ MetricNamespace }] = deployment.the('AWS::Logs::MetricFilter', 'Channels').Properties[
      'MetricTransformations'
    ];
    expect(MetricNamespace).toBe(`SessionSocket/${deployment.template.Outputs?.['AppId']?.Value}`);
    expect(JSON.stringify(deployment.the('AWS::CloudWatch::Alarm', 'Channels/Deliver/Alarm').Properties)).toContain(
      MetricNamespace,
    );
  });
});

// CloudFormation generates another secret, in place and without a word, when anything in GenerateSecretString changes,
// and a new one when the logical id does. Until 0.1.0 the template held the application id and the key, both made from
// the path in the CDK app: a stack that was put under a Stage locked every user out.
describe('the secret of a deployed stack stays the same secret', () => {
  const secretOf = (stack: SessionSocketStack) => {
    const { logicalId, Properties } = readDeployment(stack).the('AWS::SecretsManager::Secret');
    return { logicalId, GenerateSecretString: Properties['GenerateSecretString'] };
  };
  const deployed = secretOf(shopIn(createApp()));
  const expectSame = (next: SessionSocketStack) => expect(secretOf(next)).toEqual(deployed);

  it('when the application id changes', () => expectSame(shopIn(createApp(), { appId: '42' })));
  it('when the key changes', () => expectSame(shopIn(createApp(), { key: 'another' })));
  it('when the stack gets another name', () => expectSame(shopIn(createApp(), { stackName: 'Store' })));
  it('when the stack moves in the CDK app', () => expectSame(shopIn(new Stage(createApp(), 'Live'))));
  it('when other props change', () => {
    expectSame(shopIn(createApp(), { hello: true, mode: 'cookie', description: 'ours', maxConnectionsPerUser: 5 }));
  });
  it('and it is the same text in every stack, now and in every release', () => {
    expect(deployed.GenerateSecretString).toEqual({
      SecretStringTemplate: '{}',
      GenerateStringKey: 'secret',
      PasswordLength: 43,
      ExcludePunctuation: true,
    });
  });
});
