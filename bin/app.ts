import { App } from 'aws-cdk-lib';
import { BadProps } from '../lib/index.ts';
import { describeUnsetOptions } from './context.ts';
import { defineStack } from './define-stack.ts';

/** The CDK app: configuration from the command line's `-c name=value` or `cdk.json`, one stack out. */
// `cdk` validates the template against CloudFormation's rules. The local cloud checks the template itself and starts sooner without it.
const app = new App({ builtinCloudFormationValidation: process.env['SESSION_SOCKET_VALIDATION'] !== 'off' });
try {
  const deployed = defineStack(app);
  const sentence = deployed && describeUnsetOptions(deployed, (name) => app.node.tryGetContext(name));
  // `cdk synth` prints the template on stdout.
  if (sentence !== undefined) console.error(sentence);
} catch (error) {
  if (!(error instanceof BadProps)) throw error;
  // A mistyped option needs a sentence, not a stack trace.
  console.error(`\nsession-socket: ${error.message}\n`);
  process.exit(1);
}
