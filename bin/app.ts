import { App } from 'aws-cdk-lib';
import { BadProps } from '../lib/index.ts';
import { defineStack } from './define-stack.ts';

/** The CDK app: configuration from the command line's `-c name=value` or `cdk.json`, one stack out. */
// `cdk` validates the template against CloudFormation's rules; the local cloud has its own opinion and starts sooner.
const app = new App({ builtinCloudFormationValidation: process.env.SESSION_SOCKET_VALIDATION !== 'off' });
try {
  const deployed = defineStack(app);
  // Somebody who deployed with `-c mode=…` and forgets it now would change who gets in. Not on stdout, which is `cdk synth`'s.
  const unset = ['mode', 'tokenFrom'].filter((option) => app.node.tryGetContext(option) === undefined);
  if (deployed !== undefined && unset.length > 0) {
    console.error(
      `session-socket: mode is ${deployed.mode}, tokenFrom is ${deployed.tokenFrom}. Neither -c nor cdk.json sets ${unset.join(' and ')}; a stack that was deployed with another value would change: npx cdk diff shows it.`,
    );
  }
} catch (error) {
  if (!(error instanceof BadProps)) throw error;
  // A sentence, not a stack trace: whoever reads it mistyped an option.
  console.error(`\nsession-socket: ${error.message}\n`);
  process.exit(1);
}
