import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createClock, type MovableClock } from '../../local/clock.ts';
import { createFaults, type Faults } from '../../local/faults.ts';
import { newSessionCredentials } from '../../local/iam/authentication.ts';
import type { LocalFunction } from '../../local/lambda/function.ts';
import { createFunctions, type FunctionsOptions } from '../../local/lambda/functions.ts';
import type { Observation } from '../../local/observation.ts';
import { resolveStack } from '../../local/template/stack.ts';

export interface TestFunction {
  readonly logicalId?: string;
  /** By path in the function's folder. */
  readonly files: Readonly<Record<string, string>>;
  /** What the template says of it. */
  readonly properties?: Readonly<Record<string, unknown>>;
}

export interface Started {
  readonly functions: readonly LocalFunction[];
  /** The first, or the only one. */
  readonly function: LocalFunction;
  readonly clock: MovableClock;
  readonly faults: Faults;
  /** The log, one event each. */
  readonly lines: readonly string[];
  readonly observations: readonly Observation[];
  /** The first one function's folder. */
  readonly taskRoot: string;
  /** What the function returned. */
  returned(event?: unknown): Promise<unknown>;
  /** The first line that contains the text, past or future. */
  line(text: string): Promise<string>;
  close(): Promise<void>;
}

/** Functions alone, without the cloud around them. */
export async function startFunctions(
  functions: readonly TestFunction[],
  options: Partial<FunctionsOptions> = {},
): Promise<Started> {
  const folder = await mkdtemp(join(tmpdir(), 'session-socket-functions-'));
  const Resources: Record<string, { Type: string; Properties: Record<string, unknown> }> = {};
  for (const [index, { logicalId = `Function${index}`, files, properties }] of functions.entries()) {
    await writeFiles(join(folder, logicalId), files);
    const Code = { S3Bucket: 'assets', S3Key: logicalId };
    const required = {
      Code,
      Handler: 'index.handler',
      Role: 'arn:aws:iam::123456789012:role/own',
      Runtime: 'nodejs24.x',
    };
    Resources[logicalId] = { Type: 'AWS::Lambda::Function', Properties: { ...required, ...properties } };
  }
  const lines: string[] = [];
  const observations: Observation[] = [];
  const listeners = new Set<() => void>();
  const clock = createClock();
  const faults = createFaults(1);
  const assembly = {
    stackName: 'Test',
    template: { Resources },
    assetFolder: (key: string) => join(folder, key),
  };
  const started = await createFunctions({
    stack: resolveStack(assembly, 'us-east-1'),
    assembly,
    endpoints: { dynamodb: 'http://127.0.0.1:9', managementApi: 'http://127.0.0.1:9', services: 'http://127.0.0.1:9' },
    localize: (value) => value,
    credentialsOf: newSessionCredentials,
    clock,
    faults,
    observe: (observation) => observations.push(observation),
    maxEnvironments: 4,
    log(entry) {
      if (entry.kind === 'function-output') lines.push(entry.line);
      for (const listener of listeners) listener();
    },
    ...options,
  }).catch(async (error: unknown) => {
    await rm(folder, { recursive: true });
    throw error;
  });
  const [first] = started.all;
  if (first === undefined) throw new Error('There is no function to test.');
  return {
    functions: started.all,
    function: first,
    clock,
    faults,
    lines,
    observations,
    taskRoot: join(folder, first.logicalId),
    async returned(event = {}) {
      const result = await first.invoke(JSON.stringify(event));
      if (result.outcome === 'failed') throw new Error(result.payload);
      return JSON.parse(result.payload);
    },
    line: (text) =>
      new Promise((resolve) => {
        const look = () => {
          const found = lines.find((line) => line.includes(text));
          if (found === undefined) return;
          listeners.delete(look);
          resolve(found);
        };
        listeners.add(look);
        look();
      }),
    async close() {
      await started.close();
      clock.close();
      await rm(folder, { recursive: true });
    },
  };
}

export async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}
