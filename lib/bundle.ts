import { join } from 'node:path';
import { DockerImage } from 'aws-cdk-lib';
import { type AssetCode, Code } from 'aws-cdk-lib/aws-lambda';
import { AssetHashType } from 'aws-cdk-lib/core';
import { type BuildOptions, buildSync } from 'esbuild';

/** The files of `functions/`, without their ending: one is one deployed Lambda, whose parts `functions/wiring` puts together. */
export const entries = [
  'authorizer',
  'connect',
  'message',
  'disconnect',
  'deliver',
  'http-api',
  'revalidate',
  'tick',
] as const;

export type Entry = (typeof entries)[number];

const functionsFolder = join(import.meta.dirname, '..', 'functions');

/**
 * In the checkout the Lambdas are bundled at synth; in the npm package packaged.ts takes the place of this file.
 *
 * CommonJS, because ESM pays 25 ms for `import 'node:http'`; module entries first, because they are half the size; and our
 * own call of esbuild, in this process, because `NodejsFunction` starts npx for each function.
 */
export function functionCode(entry: Entry): AssetCode {
  return Code.fromAsset(functionsFolder, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: DockerImage.fromRegistry('never-used'),
      // Not run, but part of what tells one function's bundle from another's.
      command: [entry],
      local: {
        tryBundle(outputFolder) {
          buildSync({ ...bundleOptions(entry), outfile: join(outputFolder, 'index.js') });
          return true;
        },
      },
    },
  });
}

export function bundleOptions(entry: Entry) {
  return {
    // All that runs when the Lambda is loaded; no module of ours does anything when it is imported.
    stdin: {
      contents: `import { wire } from './wiring/${entry}.ts';\nexport const handler = wire();`,
      resolveDir: functionsFolder,
    },
    bundle: true,
    minify: true,
    platform: 'node',
    // Lambda's Node is newer; the local cloud runs the very same bundle on yours.
    target: 'node20',
    format: 'cjs',
    mainFields: ['module', 'main'],
    logLevel: 'warning',
  } satisfies BuildOptions;
}
