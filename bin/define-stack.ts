import { Annotations, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { type SessionSocket, SessionSocketStack } from '../lib/index.ts';
import { hasNoRequiredOption, readContext, readStackName, refuseUnknownOptions } from './context.ts';

/**
 * The app's only stack, configured by CDK context: `-c name=value`, or `cdk.json`.
 * @returns undefined for a command that deploys nothing and passes no options
 * @throws BadProps
 */
export function defineStack(app: Construct): SessionSocket | undefined {
  const lookup = (name: string): unknown => app.node.tryGetContext(name);
  refuseUnknownOptions(Object.keys(app.node.getAllContext()));
  const name = readStackName(lookup);
  if (hasNoRequiredOption(lookup)) {
    // `cdk bootstrap` and `cdk destroy` also synthesize, and need only the stack's name.
    Annotations.of(new Stack(app, name)).addError(
      'The options sessionEndpoint and allowedOrigins are missing: ' +
        '-c sessionEndpoint=https://app.example.com/getSessionID -c allowedOrigins=https://app.example.com',
    );
    return undefined;
  }
  return new SessionSocketStack(app, name, readContext(lookup)).sessionSocket;
}
