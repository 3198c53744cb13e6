import { join } from 'node:path';
import { type AssetCode, Code } from 'aws-cdk-lib/aws-lambda';
import type { Entry } from './bundle.ts';

/**
 * Replaces bundle.ts in the npm package: `npm run build` puts this file there. The package contains the bundled
 * Lambdas, so an app installs neither esbuild nor an AWS SDK for them.
 */
export function functionCode(entry: Entry): AssetCode {
  // CommonJS in the package: a CDK app may be CommonJS or ESM, and both can load that.
  return Code.fromAsset(join(__dirname, '..', 'functions', entry));
}
