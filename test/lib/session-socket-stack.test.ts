import { describe, expect, it } from 'vitest';
import { SessionSocketStack } from '../../lib/index.ts';
import { createApp, deploy, least, readDeployment } from './deployment.ts';

describe('the alarms of the stack', () => {
  it('tell a topic when they go off and when they are over, where one is named', () => {
    const alarmTopicArn = 'arn:aws:sns:eu-central-1:123456789012:night';
    const stack = new SessionSocketStack(createApp(), 'Shop', { ...least, alarmTopicArn });
    const alarms = readDeployment(stack).of('AWS::CloudWatch::Alarm');
    expect(alarms.length).toBeGreaterThan(3);
    for (const { path, Properties } of alarms) {
      expect([path, Properties.AlarmActions, Properties.OKActions]).toEqual([path, [alarmTopicArn], [alarmTopicArn]]);
    }
  });

  it('tell nobody else', () => {
    for (const { path, Properties } of deploy().of('AWS::CloudWatch::Alarm')) {
      expect([path, Properties.AlarmActions]).toEqual([path, undefined]);
    }
  });
});
