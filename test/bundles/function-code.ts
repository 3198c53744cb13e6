import { join } from 'node:path';
import { type AssetCode, Code } from 'aws-cdk-lib/aws-lambda';
import { inject } from 'vitest';
import type { Entry } from '../../lib/bundle.ts';

/**
 * Replaces `functionCode` of lib/bundle.ts in tests that start a gateway: the bundles are those of setup.ts. vitest.config.ts
 * puts this file there, and test/integration/app.test.ts compares its template with the real one.
 */
export function functionCode(entry: Entry): AssetCode {
  return Code.fromAsset(join(inject('bundles'), entry));
}
