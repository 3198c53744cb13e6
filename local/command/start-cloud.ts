import { createRequire } from 'node:module';
import { findFreePort } from '../http/loopback.ts';
import {
  describePermissions,
  type LocalCloud,
  type LocalCloudOptions,
  readAssembly,
  startLocalCloud,
} from '../index.ts';
import type { Life } from './live.ts';
import { createPaint, wantsColour } from './terminal.ts';
import { createTerminalLog } from './terminal-log.ts';

interface TerminalOptions extends LocalCloudOptions {
  readonly quiet: boolean;
  /** Said at the end. */
  readonly permissions: boolean;
}

/** Starts the local cloud for a person at a terminal; it ends with the life. */
export async function startCloud(life: Life, { quiet, permissions, ...options }: TerminalOptions): Promise<LocalCloud> {
  const { template } = await readAssembly(options.assembly, options.stack);
  const functionIds = Object.entries(template.Resources)
    .filter(([, { Type }]) => Type === 'AWS::Lambda::Function')
    .map(([logicalId]) => logicalId);
  const paint = createPaint(wantsColour(process.stdout, process.env));
  const log = createTerminalLog({ functionIds, paint, write: (line) => console.log(line) });
  life.goOn();
  const cloud = await startLocalCloud({ ...options, ...(quiet ? {} : { log }) });
  life.undo(() => cloud.close());
  if (permissions) life.undo(async () => console.log(`\n${describePermissions(cloud.permissions())}\n`));
  return cloud;
}

/** Asked before the slow work, so that a taken port is told at once and by the name of its option. */
export async function findPort(port: number, option: string): Promise<number> {
  return findFreePort(port).catch((error: Error) => {
    throw new Error(`${error.message} Stop that, or choose another with ${option}.`);
  });
}

/** As `findPort`; 0 stays 0, because another server of the local cloud could take what was free a moment ago. */
export async function findSocketPort(port: number, option: string): Promise<number> {
  return port === 0 ? 0 : findPort(port, option);
}

const require = createRequire(import.meta.url);

export function describeDynamoDb(kind: LocalCloudOptions['dynamodb']): string {
  if (kind === 'strict') return 'DynamoDB Local of AWS, in memory';
  return `dynalite ${require('dynalite/package.json').version}, in memory`;
}
