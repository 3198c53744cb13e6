import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { resolveHandshakeOptions } from '../functions/core/handshake/handshake-options.ts';
import { SessionSocket } from './session-socket.ts';
import type { SessionSocketProps } from './session-socket-props.ts';

export interface SessionSocketStackProps extends StackProps, SessionSocketProps {
  /**
   * The stack's description. Its default has the options that decide who may connect, so `cdk diff` shows a change of
   * them in one line.
   * @default - 'session-socket: realtime for users who are logged in to a PHP app (mode ticket, token from query)', or
   * another mode
   */
  readonly description?: string;

  /**
   * The ARN of the SNS topic that every alarm notifies when it goes off and when it is over.
   * @default - alarms notify nobody
   */
  readonly alarmTopicArn?: string;
}

/**
 * The whole gateway as one stack. Its outputs are the URLs, ids and names that PHP and pages need, but not the secret
 * itself.
 */
export class SessionSocketStack extends Stack {
  readonly sessionSocket: SessionSocket;

  constructor(scope: Construct, id: string, props: SessionSocketStackProps) {
    super(scope, id, { ...props, description: props.description ?? describe(props) });
    this.sessionSocket = new SessionSocket(this, 'SessionSocket', props);
    if (props.alarmTopicArn !== undefined) this.#notifyOfAlarms(props.alarmTopicArn);
    const { webSocketUrl, httpApiUrl, appId, key, secret, mode, tokenFrom } = this.sessionSocket;

    new CfnOutput(this, 'WebSocketUrl', {
      value: webSocketUrl,
      description: 'For the page, which adds its token',
    });
    new CfnOutput(this, 'HttpApiUrl', {
      value: httpApiUrl,
      description: 'For PHP, which publishes and closes sockets there',
    });
    new CfnOutput(this, 'AppId', { value: appId, description: "Pusher's application id, for PHP" });
    new CfnOutput(this, 'Key', { value: key, description: "Pusher's key, for PHP" });
    new CfnOutput(this, 'SecretName', { value: secret.secretName, description: 'Where PHP gets its secret from' });
    new CfnOutput(this, 'Mode', { value: mode, description: 'How a token becomes a session' });
    new CfnOutput(this, 'TokenFrom', { value: tokenFrom, description: 'Where the page puts its token' });
  }

  #notifyOfAlarms(topicArn: string): void {
    const tell = new SnsAction(Topic.fromTopicArn(this, 'AlarmTopic', topicArn));
    for (const alarm of this.sessionSocket.alarms) {
      alarm.addAlarmAction(tell);
      alarm.addOkAction(tell);
    }
  }
}

function describe(props: SessionSocketProps): string {
  const { mode, tokenFrom, sessionCheck } = resolveHandshakeOptions(props);
  const check = sessionCheck === 'always' ? '' : `, session check ${sessionCheck}`;
  return `session-socket: realtime for users who are logged in to a PHP app (mode ${mode}, token from ${tokenFrom}${check})`;
}
