import { type LocalCloud, unknowns } from '../index.ts';
import { exitCodeOf } from './arguments.ts';
import { type Life, live } from './live.ts';
import { type AssemblyOptions, assemblyUsage, readAssemblyOptions } from './options.ts';
import { describeDynamoDb, findSocketPort, startCloud } from './start-cloud.ts';
import { banner, type Row } from './terminal.ts';

/**
 * `session-socket-local`, which is also `session-socket local`.
 * @param program how it was called, for its help and its errors
 * @returns the exit code, when it was stopped
 */
export function runLocal(args: readonly string[], program = 'session-socket-local'): Promise<number> {
  return exitCodeOf(async () => {
    const options = readAssemblyOptions(args);
    if (options === 'help') console.log(assemblyUsage(program));
    else if (options === 'unknowns') console.log(listUnknowns());
    else await live((life) => start(life, options, program));
    return 0;
  }, program);
}

async function start(life: Life, { faultsAsTyped, ...options }: AssemblyOptions, program: string): Promise<void> {
  const port = await findSocketPort(options.port, '--port');
  const cloud = await startCloud(life, { ...options, port });
  life.goOn();
  console.log(
    banner(
      'The local cloud is running on this machine',
      [...describeCloud(cloud), ['DynamoDB', `${cloud.dynamodbEndpoint}  ${describeDynamoDb(options.dynamodb)}`]],
      [...describeFaults(faultsAsTyped, cloud), unknownsSentence(program)],
    ),
  );
}

/** Where everything is. */
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
  return [`Goes wrong on purpose: ${typed.join(', ')} (--seed ${faults.seed} repeats it)`];
}

/** @param program as for `runLocal` */
export function unknownsSentence(program: string): string {
  return `${unknowns.length} behaviours of AWS are not known; npx ${program} --unknowns lists them and what was chosen.`;
}

function listUnknowns(): string {
  return unknowns.map(({ question, choice, source }) => `${question}\n  here: ${choice}\n  see ${source}\n`).join('\n');
}
