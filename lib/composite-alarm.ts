import { Alarm, AlarmRule, type CfnCompositeAlarm, CompositeAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';

/** Every alarm below a construct, in the order in which they were made. */
export function alarmsBelow(scope: Construct): readonly Alarm[] {
  return scope.node.findAll().filter((each) => each instanceof Alarm);
}

/** In alarm when one of them is: for a single page to the person on duty. */
export function alarmOnAny(scope: Construct, alarms: readonly Alarm[]): CompositeAlarm {
  const any = new CompositeAlarm(scope, 'Alarm', {
    alarmDescription:
      'At least one alarm of this gateway is on; its details say which. docs/operations.md: When an alarm goes off.',
    alarmRule: AlarmRule.anyOf(...alarms),
  });
  // CDK gives it a name that follows from its path alone, so the same app under another stack name could not be deployed beside it.
  const resource = any.node.defaultChild as CfnCompositeAlarm;
  resource.addPropertyDeletionOverride('AlarmName');
  return any;
}
