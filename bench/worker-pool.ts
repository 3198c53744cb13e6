import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Bench } from './bench.ts';

/** The time of one invocation, including the start of its process, if any. */
interface Ran {
  readonly error?: string;
  readonly milliseconds: number;
  readonly cpuMs: number;
  readonly peakMemoryMb: number;
}

export interface PoolReport {
  readonly invocations: number;
  readonly processes: number;
  /** The sum of all invocations, as Lambda bills them. */
  readonly milliseconds: number;
  /** CPU time of all processes, including their starts. */
  readonly cpuMs: number;
  /** The memory of the largest process. */
  readonly peakMemoryMb: number;
  readonly errors: readonly string[];
}

export interface WorkerPool {
  /** For AWS_ENDPOINT_URL_LAMBDA. */
  readonly endpoint: string;
  invoke(event: unknown): void;
  /** Resolves when no invocation runs, and ends all processes. */
  settle(): Promise<PoolReport>;
}

/**
 * Lambda's asynchronous invocations of one bundle. Each concurrent invocation has a process, and free processes are
 * reused. The pool starts empty, so that each measurement includes its cold starts.
 */
export async function startWorkerPool(
  bench: Bench,
  bundle: string,
  environmentOf: (endpoint: string) => Readonly<Record<string, string>>,
): Promise<WorkerPool> {
  const idle: ChildProcess[] = [];
  const all = new Set<ChildProcess>();
  const running = new Set<Promise<void>>();
  let ran: Ran[] = [];

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    response.writeHead(202).end();
    invoke(JSON.parse(Buffer.concat(chunks).toString()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const env = environmentOf(endpoint);
  bench.defer(() => {
    for (const child of all) child.kill();
    server.closeAllConnections();
    server.close();
  });
  return { endpoint, invoke, settle };

  function invoke(event: unknown): void {
    const run = runOnce(event).finally(() => running.delete(run));
    running.add(run);
  }

  async function runOnce(event: unknown): Promise<void> {
    const begin = performance.now();
    const child = idle.pop() ?? (await start());
    const initMs = performance.now() - begin;
    child.send(event as object);
    const [answer]: [Ran] = (await once(child, 'message')) as [Ran];
    ran.push({ ...answer, milliseconds: answer.milliseconds + initMs });
    idle.push(child);
  }

  async function start(): Promise<ChildProcess> {
    // Its log would mix with our figures.
    const stdio: ('ignore' | 'inherit' | 'ipc')[] = ['ignore', 'ignore', 'inherit', 'ipc'];
    const child = fork(join(import.meta.dirname, 'run-bundle.cjs'), [bundle], { env, execArgv: [], stdio });
    all.add(child);
    await once(child, 'message');
    return child;
  }

  async function settle(): Promise<PoolReport> {
    while (running.size > 0) await Promise.all(running);
    const report = {
      invocations: ran.length,
      processes: all.size,
      milliseconds: ran.reduce((sum, { milliseconds }) => sum + milliseconds, 0),
      cpuMs: ran.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
      peakMemoryMb: Math.max(0, ...ran.map(({ peakMemoryMb }) => peakMemoryMb)),
      errors: ran.flatMap(({ error }) => (error === undefined ? [] : [error])),
    };
    for (const child of all) child.disconnect();
    all.clear();
    idle.length = 0;
    ran = [];
    return report;
  }
}
