import { defineConfig } from 'vitest/config';

/**
 * `unit` needs nothing but Node and answers in seconds; `integration` starts the local cloud with real PHP, a DynamoDB
 * engine and the bundles that would be deployed; `e2e` adds a real browser.
 */
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/integration/**', 'test/e2e/**'] } },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      { test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], testTimeout: 90_000, hookTimeout: 90_000 } },
    ],
  },
});
