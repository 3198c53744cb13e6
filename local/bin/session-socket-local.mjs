#!/usr/bin/env node
import { existsSync } from 'node:fs';

// In the checkout TypeScript as it is, in the npm package what was compiled from it.
const isCheckout = existsSync(new URL('../index.ts', import.meta.url));
if (isCheckout) (await import('tsx/esm/api')).register({ tsconfig: false });
const { runLocal } = await import(isCheckout ? '../command/run.ts' : '../dist/command/run.js');
process.exit(await runLocal(process.argv.slice(2)));
