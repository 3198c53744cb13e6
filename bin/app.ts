import { App } from 'aws-cdk-lib';
import { BadProps } from '../lib/index.ts';
import { describeUnsetOptions } from './context.ts';
import { defineStack } from './define-stack.ts';

/** The CDK app: configuration from the command line's `-c name=value` or `cdk.json`, one stack out. */
// `cdk` validates the template against CloudFormation's rules; the local cloud has its own opinion and starts sooner.
const app = new App({ builtinCloudFormationValidation: process.env['SESSION_SOCKET_VALIDATION'] !== 'off' });
try {
  const deployed = defineStack(app);
  const sentence = deployed && describeUnsetOptions(deployed, (name) => app.node.tryGetContext(name));
  // Not on stdout, which is `cdk synth`'s.
  if (sentence !== undefined) console.error(sentence);
} catch (error) {
  if (!(error instanceof BadProps)) throw error;
  // A sentence, not a stack trace: whoever reads it mistyped an option.
  console.error(`\nsession-socket: ${error.message}\n`);
  process.exit(1);
}
