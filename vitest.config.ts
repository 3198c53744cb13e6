import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { SkippedReporter } from './test/skips/reporter.ts';

/** The names by which users import the packages, as in the docs. tsconfig.json has the same. */
const packages = {
  alias: [
    { find: /^session-socket$/, replacement: join(import.meta.dirname, 'lib/index.ts') },
    { find: /^session-socket-local$/, replacement: join(import.meta.dirname, 'local/index.ts') },
  ],
};

/** In tests that start gateways, the Lambdas are bundled once for all of them: test/bundles/setup.ts. */
const bundledOnce = {
  find: /^\.\/bundle\.ts$/,
  replacement: join(import.meta.dirname, 'test/bundles/function-code.ts'),
};

/** Whatever the machine is set to: signed requests of the tests name this one. */
const region = { AWS_REGION: 'us-east-1' };
/** Nobody takes these: unit tests hand out fakes. */
const awsEnvironment = {
  ...region,
  AWS_ACCESS_KEY_ID: 'none',
  AWS_SECRET_ACCESS_KEY: 'none',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
};

/** Counted by .ci/run and `npm run test:nodes`. */
const testsJson = process.env['TESTS_JSON'] ?? (process.env['CI'] ? 'test/output/tests.json' : undefined);

/** Answers come late on a busy machine, which many processes share: no limit here is a claim about how long they take. */
const patient = { expect: { poll: { timeout: 60_000 } }, testTimeout: 180_000, hookTimeout: 180_000 };

/**
 * A process for each file would take longer to import the AWS SDK, CDK and the local cloud than most files take to run. Nothing
 * of ours keeps state in a module.
 */
const inFewProcesses = { isolate: false };

/** Long, because they do the same on every kind of PHP, start many processes, or go on until time has passed. */
const thorough = [
  'test/e2e/cookie-mode.test.ts',
  'test/e2e/local-page.test.ts',
  'test/e2e/pusher-clients.test.ts',
  'test/integration/broadcast-killed.test.ts',
  'test/integration/broadcast.test.ts',
  'test/integration/chaos.test.ts',
  'test/integration/close-anybody.test.ts',
  'test/integration/connections-client.test.ts',
  'test/integration/dynamodb-engines.test.ts',
  'test/integration/dynamodb-local.test.ts',
  'test/integration/dynamodb-rows.test.ts',
  'test/integration/lambda-failures.test.ts',
  'test/integration/lambda-handlers.test.ts',
  'test/integration/limits.test.ts',
  'test/integration/local-cloud-restarts.test.ts',
  'test/integration/mass-logout.test.ts',
  'test/integration/moving.test.ts',
  'test/integration/npm-start.test.ts',
  'test/integration/presence-churn.test.ts',
  'test/integration/php-*.test.ts',
  'test/integration/pusher-node.test.ts',
  'test/integration/session-socket.test.ts',
  'test/integration/strangers.test.ts',
  'test/integration/synth-offline.test.ts',
  'test/integration/web-servers.test.ts',
  'test/upgrade/side-by-side.test.ts',
];

const ofTheLocalCloud = [
  'test/integration/**',
  'test/conformance/**',
  'test/e2e/**',
  'test/protocol/**',
  'test/docs/pages.test.ts',
];

/** In projects of their own. */
const elsewhere = ['test/frameworks/**', 'test/package/**', 'test/upgrade/**'];

/**
 * `unit` needs nothing but Node and answers in seconds; `integration` adds the local cloud with real PHP, a DynamoDB engine and
 * the bundles that would be deployed, holds it against what is known of API Gateway (test/conformance; `npm run conformance`
 * prints the table) and adds a real browser (test/e2e). It has the unit tests too, and is all of `npm test`: each project has
 * worker processes of its own, which import vitest, the AWS SDK and CDK. `frameworks` installs those and runs an app of each.
 * `package` packs the npm packages and installs them outside the checkout. `frameworks`, `package` and `thorough` are not part of
 * `npm test`, which newcomers wait for.
 */
export default defineConfig({
  test: {
    globalSetup: 'test/temporary-folder.ts',
    reporters: [
      'default',
      ...(testsJson === undefined ? [] : [['json', { outputFile: testsJson }] satisfies [string, object]]),
      new SkippedReporter(),
    ],
    // By default one less than there are cores, which is one after the other on two; most of the time is waiting.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    projects: [
      {
        test: {
          name: 'unit',
          ...patient,
          ...inFewProcesses,
          include: ['test/**/*.test.ts'],
          exclude: [...thorough, ...elsewhere, ...ofTheLocalCloud],
          env: awsEnvironment,
        },
      },
      {
        resolve: { alias: [...packages.alias, bundledOnce] },
        test: {
          name: 'integration',
          ...patient,
          ...inFewProcesses,
          globalSetup: ['test/bundles/setup.ts', 'test/e2e/find-browser.ts'],
          include: ['test/**/*.test.ts'],
          exclude: [...thorough, ...elsewhere],
          env: awsEnvironment,
        },
      },
      {
        resolve: { alias: [bundledOnce] },
        test: {
          name: 'frameworks',
          ...patient,
          globalSetup: 'test/bundles/setup.ts',
          include: ['test/frameworks/**/*.test.ts'],
          env: region,
        },
      },
      {
        test: {
          name: 'package',
          ...patient,
          globalSetup: 'test/package/pack.ts',
          include: ['test/package/**/*.test.ts'],
        },
      },
      {
        resolve: { alias: [bundledOnce] },
        test: {
          name: 'thorough',
          ...patient,
          globalSetup: ['test/bundles/setup.ts', 'test/e2e/find-browser.ts'],
          include: thorough,
          env: region,
        },
      },
    ],
  },
});
