#!/usr/bin/env node
import { existsSync } from 'node:fs';

// A checkout runs the TypeScript source, the npm package the compiled JavaScript.
const isCheckout = existsSync(new URL('../index.ts', import.meta.url));
if (isCheckout) (await import('tsx/esm/api')).register({ tsconfig: false });
const { runLocal } = await import(isCheckout ? '../command/run.ts' : '../dist/command/run.js');
process.exit(await runLocal(process.argv.slice(2)));
