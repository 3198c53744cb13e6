import { Annotations, App, Stack } from 'aws-cdk-lib';
import { BadProps, SessionSocketStack } from '../lib/index.ts';
import { readContext, readStackName, refuseUnknownOptions, saysNothing } from './context.ts';

/** The CDK app: configuration from the command line's `-c name=value` or `cdk.json`, one stack out. */
// `cdk` validates the template against CloudFormation's rules; the local cloud has its own opinion and starts sooner.
const app = new App({ builtinCloudFormationValidation: process.env.SESSION_SOCKET_VALIDATION !== 'off' });
const lookup = (name: string): unknown => app.node.tryGetContext(name);
try {
  refuseUnknownOptions(Object.keys(app.node.getAllContext()));
  const name = readStackName(lookup);
  if (saysNothing(lookup)) {
    // `cdk bootstrap` and `cdk destroy` synthesize as well, and need no more than the stack's name.
    Annotations.of(new Stack(app, name)).addError(
      'Say who knows the sessions and which pages may connect: ' +
        '-c sessionEndpoint=https://app.example.com/getSessionID -c allowedOrigins=https://app.example.com',
    );
  } else {
    const { sessionSocket } = new SessionSocketStack(app, name, readContext(lookup));
    // Somebody who deployed with `-c mode=…` and forgets it now would change who gets in. Not on stdout, which is `cdk synth`'s.
    if (lookup('mode') === undefined) {
      console.error(
        `session-socket: mode is ${sessionSocket.mode}, the default, because neither -c nor cdk.json sets it. A stack that was deployed with another mode would change: npx cdk diff shows it.`,
      );
    }
  }
} catch (error) {
  if (!(error instanceof BadProps)) throw error;
  // A sentence, not a stack trace: whoever reads it mistyped an option.
  console.error(`\nsession-socket: ${error.message}\n`);
  process.exit(1);
}
