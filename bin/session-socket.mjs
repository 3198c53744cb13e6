#!/usr/bin/env node
import { existsSync } from 'node:fs';

// A checkout runs the TypeScript source, the npm package the compiled JavaScript.
const isCheckout = existsSync(new URL('./cli.ts', import.meta.url));
// Ignore the tsconfig.json of the current folder.
if (isCheckout) (await import('tsx/esm/api')).register({ tsconfig: false });
const { runCli } = await import(isCheckout ? './cli.ts' : '../dist/bin/cli.mjs');
process.exit(await runCli(process.argv.slice(2)));
