import { Annotations, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { type SessionSocket, SessionSocketStack } from '../lib/index.ts';
import { readContext, readStackName, refuseUnknownOptions, saysNothing } from './context.ts';

/**
 * The app's only stack, configured by CDK context: `-c name=value`, or `cdk.json`.
 * @returns undefined for a command that deploys nothing and says nothing of what it would deploy
 * @throws BadProps
 */
export function defineStack(app: Construct): SessionSocket | undefined {
  const lookup = (name: string): unknown => app.node.tryGetContext(name);
  refuseUnknownOptions(Object.keys(app.node.getAllContext()));
  const name = readStackName(lookup);
  if (saysNothing(lookup)) {
    // `cdk bootstrap` and `cdk destroy` synthesize as well, and need no more than the stack's name.
    Annotations.of(new Stack(app, name)).addError(
      'Say who knows the sessions and which pages may connect: ' +
        '-c sessionEndpoint=https://app.example.com/getSessionID -c allowedOrigins=https://app.example.com',
    );
    return undefined;
  }
  return new SessionSocketStack(app, name, readContext(lookup)).sessionSocket;
}
