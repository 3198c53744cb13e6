import { createRequire } from 'node:module';
import { findFreePort } from '../http/loopback.ts';
import {
  describePermissions,
  type LocalCloud,
  type LocalCloudOptions,
  readAssembly,
  startLocalCloud,
  unknowns,
} from '../index.ts';
import { exitCodeOf } from './arguments.ts';
import { type Lifecycle, runUntilStopped } from './lifecycle.ts';
import { type AssemblyOptions, assemblyUsage, readAssemblyOptions } from './options.ts';
import { banner, createPaint, type Row, wantsColour } from './terminal.ts';
import { createTerminalLog } from './terminal-log.ts';

/**
 * `session-socket-local`, which is also `session-socket local`.
 * @param program the command as typed, for help and errors
 * @returns the exit code
 */
export function runLocal(args: readonly string[], program = 'session-socket-local'): Promise<number> {
  return exitCodeOf(async () => {
    const options = readAssemblyOptions(args);
    if (options === 'help') console.log(assemblyUsage(program));
    else if (options === 'unknowns') console.log(listUnknowns());
    else await runUntilStopped((life) => start(life, options, program));
    return 0;
  }, program);
}

async function start(life: Lifecycle, { faultsAsTyped, ...options }: AssemblyOptions, program: string): Promise<void> {
  const port = await findSocketPort(options.port, '--port');
  const cloud = await startCloud(life, { ...options, port });
  life.throwIfStopped();
  console.log(
    banner(
      'The local cloud is running on this machine',
      [...describeCloud(cloud), ['DynamoDB', `${cloud.dynamodbEndpoint}  ${describeDynamoDb(options.dynamodb)}`]],
      [...describeFaults(faultsAsTyped, cloud), unknownsSentence(program)],
    ),
  );
}

/** The addresses of all parts. */
function describeCloud(cloud: LocalCloud): readonly Row[] {
  const { inspectorUrl, apis, outputs, tables, functions } = cloud;
  const rows: readonly Row[] = [
    ['APIs', ...inColumns(Object.entries(apis))],
    ['Inspect', String(inspectorUrl)],
    ['Outputs', ...inColumns(Object.entries(outputs))],
    ['Tables', ...inColumns(Object.entries(tables))],
    ['Functions', ...inColumns(Object.entries(functions).map(([id, each]) => [id, describeRuntime(each.runtime)]))],
  ];
  return rows.filter(([, ...lines]) => lines.length > 0);
}

export function describeRuntime(runtime: string): string {
  return `${runtime} on AWS, Node ${process.versions.node} here`;
}

function inColumns(pairs: readonly (readonly [name: string, value: string])[]): readonly string[] {
  const width = Math.max(0, ...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
}

function describeFaults(typed: readonly string[], { faults }: LocalCloud): readonly string[] {
  if (typed.length === 0) return [];
  return [`Injected faults: ${typed.join(', ')} (--seed ${faults.seed} repeats them)`];
}

/** @param program as for `runLocal` */
export function unknownsSentence(program: string): string {
  return `${unknowns.length} behaviours of AWS are not documented; npx ${program} --unknowns lists them and how they are handled.`;
}

function listUnknowns(): string {
  return unknowns.map(({ question, choice, source }) => `${question}\n  here: ${choice}\n  see ${source}\n`).join('\n');
}

interface TerminalOptions extends LocalCloudOptions {
  readonly quiet: boolean;
  /** Printed at the end. */
  readonly permissions: boolean;
}

/** Starts the local cloud with a terminal log. The lifecycle closes it. */
export async function startCloud(
  life: Lifecycle,
  { quiet, permissions, ...options }: TerminalOptions,
): Promise<LocalCloud> {
  const { template } = await readAssembly(options.assembly, options.stack);
  const functionIds = Object.entries(template.Resources)
    .filter(([, { Type }]) => Type === 'AWS::Lambda::Function')
    .map(([logicalId]) => logicalId);
  const paint = createPaint(wantsColour(process.stdout, process.env));
  const log = createTerminalLog({ functionIds, paint, write: (line) => console.log(line) });
  life.throwIfStopped();
  const cloud = await startLocalCloud({ ...options, ...(quiet ? {} : { log }) });
  life.onEnd(() => cloud.close());
  if (permissions) life.onEnd(async () => console.log(`\n${describePermissions(cloud.permissions())}\n`));
  return cloud;
}

/** Runs before the slow work, so that the error about a port in use comes at once and names the option. */
export async function findPort(port: number, option: string): Promise<number> {
  return findFreePort(port).catch((error: Error) => {
    throw new Error(`${error.message} Stop that program, or choose another port with ${option}.`);
  });
}

/** As `findPort`, but keeps 0: another server of the local cloud could take a free port before it is used. */
export async function findSocketPort(port: number, option: string): Promise<number> {
  return port === 0 ? 0 : findPort(port, option);
}

const require = createRequire(import.meta.url);

export function describeDynamoDb(kind: LocalCloudOptions['dynamodb']): string {
  if (kind === 'strict') return 'DynamoDB Local of AWS, in memory';
  return `dynalite ${require('dynalite/package.json').version}, in memory`;
}
