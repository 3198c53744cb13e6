import { randomUUID } from 'node:crypto';
import { Environment } from './environment.ts';
import type { EnvironmentSettings, FunctionSettings } from './function-settings.ts';
import { closed, type Invocation, type InvocationResult, throttled } from './invocation.ts';

export interface LocalFunctionOptions extends FunctionSettings, EnvironmentSettings {
  readonly maxEnvironments: number;
  readonly onWaiting: (waiting: number) => void;
  readonly onFailure: (errorType: string) => void;
}

/**
 * A Lambda function. Its environments each run one invocation at a time. They start on demand and stay warm. Above
 * `maxEnvironments`, invocations wait in order; AWS would start more environments.
 */
export class LocalFunction {
  readonly #options: LocalFunctionOptions;
  readonly #environments = new Set<Environment>();
  /** Environments that run old code. */
  readonly #outdated = new WeakSet<Environment>();
  readonly #closing = new Set<Promise<void>>();
  /** Last in, first out, so that few environments stay busy. */
  readonly #idle: Environment[] = [];
  readonly #queue: Invocation[] = [];
  #taskRoot: string;
  #underWay = 0;
  #invocations = 0;
  #coldStarts = 0;
  #isClosed = false;

  constructor(options: LocalFunctionOptions) {
    this.#options = options;
    this.#taskRoot = options.taskRoot;
  }

  get logicalId(): string {
    return this.#options.logicalId;
  }

  get name(): string {
    return this.#options.name;
  }

  get arn(): string {
    return this.#options.functionArn;
  }

  get invocations(): number {
    return this.#invocations;
  }

  get coldStarts(): number {
    return this.#coldStarts;
  }

  get reservedConcurrency(): number | undefined {
    return this.#options.reservedConcurrency;
  }

  /**
   * @param payload JSON text
   * @param requestId the id that the caller already has
   */
  invoke(payload: string, requestId: string = randomUUID()): Promise<InvocationResult> {
    if (this.#isClosed) return Promise.resolve(closed);
    if (this.#underWay >= (this.reservedConcurrency ?? Number.POSITIVE_INFINITY)) {
      this.#options.onFailure(throttled.errorType);
      return Promise.resolve(throttled);
    }
    this.#invocations += 1;
    this.#underWay += 1;
    return new Promise((resolve) => {
      const settle = (result: InvocationResult) => {
        this.#underWay -= 1;
        if (result.outcome === 'failed' && !this.#isClosed) this.#options.onFailure(result.errorType);
        resolve(result);
      };
      this.#queue.push({ requestId, payload, settle });
      this.#pump();
      if (this.#queue.length > 0) this.#options.onWaiting(this.#queue.length);
    });
  }

  /** New invocations run this code. Running invocations finish on the old code. */
  replaceCode(taskRoot: string): void {
    this.#taskRoot = taskRoot;
    for (const environment of this.#idle.splice(0)) this.#end(environment);
    for (const environment of this.#environments) this.#outdated.add(environment);
  }

  /** Call this after the clock of the local cloud moved. */
  moveClock(): void {
    for (const environment of this.#environments) environment.moveClock();
  }

  /** Kills all environments. Running invocations fail. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const environment of this.#environments) this.#end(environment);
    await Promise.all(this.#closing);
    for (const invocation of this.#queue.splice(0)) invocation.settle(closed);
  }

  #pump(): void {
    while (this.#queue.length > 0 && !this.#isClosed) {
      const environment = this.#idle.pop() ?? this.#coldStart();
      if (environment === undefined) return;
      const invocation = this.#queue.shift();
      if (invocation !== undefined) environment.run(invocation);
    }
  }

  #coldStart(): Environment | undefined {
    if (this.#environments.size >= this.#options.maxEnvironments) return undefined;
    this.#coldStarts += 1;
    const taskRoot = this.#taskRoot;
    const day = new Date(this.#options.clock.now()).toISOString().slice(0, 10).replaceAll('-', '/');
    const environment: Environment = new Environment({
      settings: this.#options,
      taskRoot,
      variables: this.#options.variables(`${day}/[$LATEST]${randomUUID().replaceAll('-', '')}`, taskRoot),
      onIdle: (idle) => {
        if (this.#outdated.has(idle)) this.#end(idle);
        else this.#idle.push(idle);
        this.#pump();
      },
      onExit: (ended) => this.#forget(ended),
      onGone: (gone, undelivered) => {
        this.#environments.delete(gone);
        this.#forget(gone);
        if (undelivered !== undefined) this.#queue.unshift(undelivered);
        this.#pump();
      },
    });
    this.#environments.add(environment);
    return environment;
  }

  #forget(environment: Environment): void {
    const index = this.#idle.indexOf(environment);
    if (index >= 0) this.#idle.splice(index, 1);
  }

  /** The environment gets no more invocations. `close` waits for its end. */
  #end(environment: Environment): void {
    const ended = environment.close().finally(() => this.#closing.delete(ended));
    this.#closing.add(ended);
  }
}
