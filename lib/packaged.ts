import { join } from 'node:path';
import { type AssetCode, Code } from 'aws-cdk-lib/aws-lambda';
import type { Entry } from './bundle.ts';

/**
 * What `functionCode` of bundle.ts is in the npm package, where `npm run build` puts this file: the Lambdas travel bundled,
 * so that an app that uses the construct installs neither esbuild nor an AWS SDK for them.
 */
export function functionCode(entry: Entry): AssetCode {
  // CommonJS in the package: a CDK app may be CommonJS or ESM, and both can load that.
  return Code.fromAsset(join(__dirname, '..', 'functions', entry));
}
