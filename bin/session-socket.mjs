#!/usr/bin/env node
// TypeScript as it is, also under node_modules, where Node itself does not strip types:
// https://nodejs.org/api/typescript.html#type-stripping-in-dependencies
import { register } from 'tsx/esm/api';

// Not the tsconfig.json of the folder that it is called from.
register({ tsconfig: false });
const { runCli } = await import('./cli.ts');
process.exit(await runCli(process.argv.slice(2)));
