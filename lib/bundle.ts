import { join } from 'node:path';
import { DockerImage } from 'aws-cdk-lib';
import { type AssetCode, Code } from 'aws-cdk-lib/aws-lambda';
import { AssetHashType } from 'aws-cdk-lib/core';
import { type BuildOptions, buildSync } from 'esbuild';

/** The files of `functions/`, without extension. Each is one deployed Lambda; `functions/wiring` builds its parts. */
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
 * In the checkout the Lambdas are bundled at synth; in the npm package packaged.ts replaces this file.
 *
 * The format is CommonJS, because in ESM `import 'node:http'` takes 25 ms. Module entries come first, because they are
 * half the size. esbuild runs in this process, because `NodejsFunction` starts npx for each function.
 */
export function functionCode(entry: Entry): AssetCode {
  return Code.fromAsset(functionsFolder, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: DockerImage.fromRegistry('never-used'),
      // Never called, but its content tells one function's asset from another's.
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
    // The only code that runs when the Lambda is loaded: our modules have no side effects.
    stdin: {
      contents: `import { wire } from './wiring/${entry}.ts';\nexport const handler = wire();`,
      resolveDir: functionsFolder,
    },
    bundle: true,
    minify: true,
    platform: 'node',
    // Lambda's Node is newer, but the local cloud runs the same bundle on your Node.
    target: 'node20',
    format: 'cjs',
    mainFields: ['module', 'main'],
    logLevel: 'warning',
  } satisfies BuildOptions;
}
