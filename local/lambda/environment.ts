import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { parseJson } from '../json.ts';
import { type RuntimeApi, startRuntimeApi } from './runtime-api.ts';

export interface Invocation {
  readonly payload: string;
  /** Called once. */
  settle(result: InvocationResult): void;
}

export type InvocationResult =
  | { readonly outcome: 'returned'; readonly payload: string }
  /** `payload` is Lambda's error object, `{"errorType","errorMessage",…}`, as text. */
  | { readonly outcome: 'failed'; readonly payload: string; readonly errorType: string; readonly errorMessage: string };

export interface EnvironmentOptions {
  readonly functionArn: string;
  readonly timeoutMs: number;
  readonly taskRoot: string;
  /** Everything the child sees, except the address of its runtime API. */
  readonly variables: Readonly<Record<string, string>>;
  /** The runtime client, as JavaScript. */
  readonly bootstrap: string;
  readonly onLine: (line: string) => void;
  /** It can take the next invocation. */
  readonly onIdle: (environment: Environment) => void;
  /** It is gone. `undelivered` never reached the code: it can be given to another environment. */
  readonly onGone: (environment: Environment, undelivered: Invocation | undefined) => void;
}

// "The Init phase is limited to 10 seconds", then it is tried again within the function's own timeout:
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
const initLimitMs = 10_000;

/** One child process that runs one invocation at a time, until it crashes, times out or is closed. */
export class Environment {
  readonly #options: EnvironmentOptions;
  #api: RuntimeApi | undefined;
  #child: ChildProcess | undefined;
  #isReady = false;
  #waiting: Invocation | undefined;
  #running: { readonly requestId: string; readonly invocation: Invocation } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #hasServed = false;
  #isGone = false;
  readonly #started: Promise<void>;

  constructor(options: EnvironmentOptions) {
    this.#options = options;
    this.#started = this.#start().catch((error: unknown) => this.#vanish(`could not be started (${String(error)})`));
  }

  /** Runs `invocation` as soon as the runtime asks for work. MUST NOT be called while another one is under way. */
  run(invocation: Invocation): void {
    this.#waiting = invocation;
    if (this.#isReady) this.#deliver();
  }

  /** Resolves when the process and its port are gone. */
  async close(): Promise<void> {
    await this.#started;
    const child = this.#child;
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
    await this.#api?.close();
  }

  async #start(): Promise<void> {
    this.#api = await startRuntimeApi({
      onReady: () => {
        this.#isReady = true;
        if (this.#waiting !== undefined) this.#deliver();
      },
      onResponse: (requestId, payload) => this.#finish(requestId, { outcome: 'returned', payload }),
      onError: (requestId, payload) => this.#finish(requestId, { outcome: 'failed', payload, ...readError(payload) }),
      onInitError: (payload) => this.#fail({ outcome: 'failed', payload, ...readError(payload) }),
    });
    const child = spawn(process.execPath, ['-'], {
      cwd: this.#options.taskRoot,
      env: { ...this.#options.variables, AWS_LAMBDA_RUNTIME_API: this.#api.address },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child = child;
    child.once('error', (error) => this.#vanish(`could not be started (${error.message})`));
    child.once('exit', (code, signal) => this.#vanish(`exited with error: ${signal ?? `exit status ${code}`}`));
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', this.#options.onLine);
    }
    // A child that dies at once closes the pipe under us; its exit says what there is to say.
    child.stdin.on('error', () => undefined);
    child.stdin.end(this.#options.bootstrap);
    this.#arm(initLimitMs + this.#options.timeoutMs, () => this.#timeOut(randomUUID()));
  }

  #deliver(): void {
    const invocation = this.#waiting;
    if (invocation === undefined || this.#isGone) return;
    this.#waiting = undefined;
    this.#isReady = false;
    this.#hasServed = true;
    const requestId = randomUUID();
    this.#running = { requestId, invocation };
    const { timeoutMs, functionArn } = this.#options;
    this.#arm(timeoutMs, () => this.#timeOut(requestId));
    this.#api?.deliver({
      requestId,
      payload: invocation.payload,
      deadlineMs: Date.now() + timeoutMs,
      functionArn,
      traceId: `Root=1-${Math.floor(Date.now() / 1000).toString(16)}-${randomUUID().replaceAll('-', '').slice(0, 24)}`,
    });
  }

  #finish(requestId: string, result: InvocationResult): void {
    const running = this.#running;
    if (running?.requestId !== requestId) return;
    this.#running = undefined;
    clearTimeout(this.#timer);
    // First the environment, then the answer: a caller that comes back at once finds this environment, not a new one.
    this.#options.onIdle(this);
    running.invocation.settle(result);
  }

  #arm(afterMs: number, onTimeout: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(onTimeout, afterMs);
  }

  #timeOut(requestId: string): void {
    const seconds = (this.#options.timeoutMs / 1000).toFixed(2);
    const errorMessage = `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`;
    this.#options.onLine(`${new Date().toISOString()} ${requestId} Task timed out after ${seconds} seconds`);
    this.#fail(failure('Sandbox.Timedout', errorMessage));
    this.#child?.kill('SIGKILL');
  }

  /** Fails whatever this environment was given. */
  #fail(result: InvocationResult): void {
    clearTimeout(this.#timer);
    const invocation = this.#running?.invocation ?? this.#waiting;
    this.#running = undefined;
    this.#waiting = undefined;
    this.#isReady = false;
    invocation?.settle(result);
  }

  #vanish(how: string): void {
    if (this.#isGone) return;
    this.#isGone = true;
    const undelivered = this.#hasServed ? this.#waiting : undefined;
    if (undelivered !== undefined) this.#waiting = undefined;
    const requestId = this.#running?.requestId ?? randomUUID();
    this.#fail(failure('Runtime.ExitError', `RequestId: ${requestId} Error: Runtime ${how}`));
    this.#api?.close().catch(() => undefined);
    this.#options.onGone(this, undelivered);
  }
}

function failure(errorType: string, errorMessage: string): InvocationResult {
  return { outcome: 'failed', payload: JSON.stringify({ errorType, errorMessage }), errorType, errorMessage };
}

function readError(payload: string): { readonly errorType: string; readonly errorMessage: string } {
  const error = Object(parseJson(payload)) as { errorType?: unknown; errorMessage?: unknown };
  const { errorType, errorMessage } = error;
  return { errorType: String(errorType ?? 'Error'), errorMessage: String(errorMessage ?? '') };
}
