#!/usr/bin/env node
import { existsSync } from 'node:fs';

// In the checkout TypeScript as it is, in the npm package what was compiled from it.
const isCheckout = existsSync(new URL('./cli.ts', import.meta.url));
// Not the tsconfig.json of the folder that it is called from.
if (isCheckout) (await import('tsx/esm/api')).register({ tsconfig: false });
const { runCli } = await import(isCheckout ? './cli.ts' : '../dist/bin/cli.mjs');
process.exit(await runCli(process.argv.slice(2)));
