import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { SessionSocket, type SessionSocketProps } from './session-socket.ts';

export type SessionSocketStackProps = StackProps & SessionSocketProps;

/** The whole gateway as one stack, with what its users have to know as outputs. */
export class SessionSocketStack extends Stack {
  readonly sessionSocket: SessionSocket;

  constructor(scope: Construct, id: string, props: SessionSocketStackProps) {
    super(scope, id, props);
    this.sessionSocket = new SessionSocket(this, 'SessionSocket', props);

    new CfnOutput(this, 'WebSocketUrl', { value: this.sessionSocket.webSocketUrl });
    new CfnOutput(this, 'AppId', { value: this.sessionSocket.appId });
    new CfnOutput(this, 'Key', { value: this.sessionSocket.key });
    new CfnOutput(this, 'SecretName', { value: this.sessionSocket.secret.secretName });
  }
}
