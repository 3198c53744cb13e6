import { join } from 'node:path';
import { DockerImage, type Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, type AssetCode, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { AssetHashType } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { buildSync } from 'esbuild';

export interface SocketFunctionProps {
  /** The file in `functions/`, without its ending. */
  readonly entry: 'authorizer' | 'connect' | 'message' | 'disconnect' | 'deliver' | 'tick';
  readonly description: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeout: Duration;
  /** MB. Lambda gives CPU in proportion. */
  readonly memorySize: number;
  readonly logRetention: RetentionDays;
}

const functionsFolder = join(import.meta.dirname, '..', 'functions');

/** One file of `functions/`, bundled, with a role that can do nothing but write its own log until it is allowed more. */
export class SocketFunction extends Construct {
  readonly lambda: LambdaFunction;

  constructor(scope: Construct, id: string, props: SocketFunctionProps) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Log', { retention: props.logRetention, removalPolicy: RemovalPolicy.DESTROY });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);

    this.lambda = new LambdaFunction(this, 'Function', {
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: bundle(props.entry),
      environment: { ...props.environment },
      timeout: props.timeout,
      memorySize: props.memorySize,
      logGroup,
      role,
    });
  }

  /** Allows one action on one resource. Not CDK's grants: they come in bundles of more verbs than we use. */
  allow(action: string, resource: string): void {
    const statement = new PolicyStatement({ effect: Effect.ALLOW, actions: [action], resources: [resource] });
    this.lambda.addToRolePolicy(statement);
  }
}

/**
 * CommonJS, because ESM pays 25 ms for `import 'node:http'`; module entries first, because they are half the size; and our
 * own call of esbuild, in this process, because `NodejsFunction` starts npx for each function.
 */
function bundle(entry: string): AssetCode {
  return Code.fromAsset(functionsFolder, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: DockerImage.fromRegistry('never-used'),
      // Not run, but part of what tells one function's bundle from another's.
      command: [entry],
      local: {
        tryBundle(outputFolder) {
          buildSync({
            entryPoints: [join(functionsFolder, `${entry}.ts`)],
            outfile: join(outputFolder, 'index.js'),
            bundle: true,
            minify: true,
            platform: 'node',
            // Lambda's Node is newer; the local cloud runs the very same bundle on yours.
            target: 'node20',
            format: 'cjs',
            mainFields: ['module', 'main'],
            logLevel: 'warning',
          });
          return true;
        },
      },
    },
  });
}
