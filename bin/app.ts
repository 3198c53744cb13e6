import { App } from 'aws-cdk-lib';
import { BadProps, SessionSocketStack } from '../lib/index.ts';
import { readContext, readStackName } from './context.ts';

/** The CDK app: configuration from the command line's `-c name=value` or `cdk.json`, one stack out. */
const app = new App();
const lookup = (name: string): unknown => app.node.tryGetContext(name);
try {
  new SessionSocketStack(app, readStackName(lookup), {
    description: 'session-socket: realtime for who is logged in over PHP',
    ...readContext(lookup),
  });
} catch (error) {
  if (!(error instanceof BadProps)) throw error;
  // A sentence, not a stack trace: whoever reads it mistyped an option.
  console.error(`\nsession-socket: ${error.message}\n`);
  process.exit(1);
}
