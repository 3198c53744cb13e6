import { describe, expect, it } from 'vitest';
import { SessionSocketStack } from '../../lib/index.ts';
import { createApp, deploy, least, readDeployment } from './deployment.ts';

describe('the stack’s description', () => {
  const whole = 'session-socket: realtime for users who are logged in to a PHP app';
  it.each([
    [{}, 'mode ticket, token from query', 'ticket'],
    [{ tokenFrom: 'subprotocol' }, 'mode ticket, token from subprotocol', 'ticket'],
    [{ sessionCheck: 'trust-ticket' }, 'mode ticket, token from query, session check trust-ticket', 'ticket'],
    [{ mode: 'cookie' }, 'mode cookie, token from cookie', 'cookie'],
    [{ mode: 'session-id' }, 'mode session-id, token from query', 'session-id'],
    [{ mode: 'status' }, 'mode status, token from query', 'status'],
  ] as const)('is in the description and in an output, as it is in effect: %j', (props, described, mode) => {
    const { Description, Outputs } = deploy(props).template;
    expect([Description, Outputs?.['Mode']?.Value]).toEqual([`${whole} (${described})`, mode]);
  });

  it('stays the one in the props', () => {
    const stack = new SessionSocketStack(createApp(), 'Shop', { ...least, description: 'Our shop' });
    expect(readDeployment(stack).template.Description).toBe('Our shop');
  });
});

describe('the alarms of the stack', () => {
  it('notify the topic when they go off and when they are over, if one is set', () => {
    const alarmTopicArn = 'arn:aws:sns:eu-central-1:123456789012:night';
    const stack = new SessionSocketStack(createApp(), 'Shop', { ...least, alarmTopicArn });
    const alarms = readDeployment(stack).of('AWS::CloudWatch::Alarm');
    expect(alarms.length).toBeGreaterThan(3);
    for (const { path, Properties } of alarms) {
      expect([path, Properties['AlarmActions'], Properties['OKActions']]).toEqual([
        path,
        [alarmTopicArn],
        [alarmTopicArn],
      ]);
    }
  });

  it('notify nobody else', () => {
    for (const { path, Properties } of deploy().of('AWS::CloudWatch::Alarm')) {
      expect([path, Properties['AlarmActions']]).toEqual([path, undefined]);
    }
  });
});
