import { App } from 'aws-cdk-lib';
import { SessionSocketStack } from '../lib/index.ts';
import { readContext } from './context.ts';

/** The CDK app: configuration from the command line's `-c name=value` or `cdk.json`, one stack out. */
const app = new App();
try {
  new SessionSocketStack(app, 'SessionSocket', {
    description: 'session-socket: realtime for who is logged in over PHP',
    ...readContext((name) => app.node.tryGetContext(name)),
  });
} catch (error) {
  // A sentence, not a stack trace: whoever reads it mistyped an option.
  console.error(`\nsession-socket: ${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
}
