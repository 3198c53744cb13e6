import { Environment, type EnvironmentOptions, type Invocation, type InvocationResult } from './environment.ts';

export interface LocalFunctionOptions
  extends Pick<EnvironmentOptions, 'functionArn' | 'timeoutMs' | 'taskRoot' | 'bootstrap' | 'onLine'> {
  readonly logicalId: string;
  readonly name: string;
  readonly maxEnvironments: number;
  /** @param stream the log stream's name, one for each environment */
  variables(stream: string): Readonly<Record<string, string>>;
  readonly onWaiting: (waiting: number) => void;
  readonly onFailure: (errorType: string) => void;
}

const closing = { errorType: 'LocalCloudClosed', errorMessage: 'The local cloud was closed.' };
const closed: InvocationResult = { outcome: 'failed', payload: JSON.stringify(closing), ...closing };

/**
 * A Lambda function: environments that each run one invocation at a time, made when they are needed and kept warm. Above
 * `maxEnvironments` invocations wait in order; in AWS they would get an environment of their own.
 */
export class LocalFunction {
  readonly #options: LocalFunctionOptions;
  readonly #environments = new Set<Environment>();
  /** The one that finished last is used first, so that few stay busy. */
  readonly #idle: Environment[] = [];
  readonly #queue: Invocation[] = [];
  #invocations = 0;
  #coldStarts = 0;
  #isClosed = false;
  #taskRoot: string;
  /** Those that run code from before `replaceCode`, and are let go when they have answered. */
  readonly #outdated = new WeakSet<Environment>();

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

  /** @param payload JSON text */
  invoke(payload: string): Promise<InvocationResult> {
    if (this.#isClosed) return Promise.resolve(closed);
    this.#invocations += 1;
    return new Promise((resolve) => {
      const settle = (result: InvocationResult) => {
        if (result.outcome === 'failed' && !this.#isClosed) this.#options.onFailure(result.errorType);
        resolve(result);
      };
      this.#queue.push({ payload, settle });
      this.#pump();
      if (this.#queue.length > 0) this.#options.onWaiting(this.#queue.length);
    });
  }

  /** From the next invocation on it runs what lies there; those under way end with the code that they began with. */
  replaceCode(taskRoot: string): void {
    this.#taskRoot = taskRoot;
    for (const environment of this.#environments) this.#outdated.add(environment);
    for (const environment of this.#idle.splice(0)) this.#letGo(environment);
  }

  /** Kills what runs. Invocations under way fail. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#environments].map((environment) => environment.close()));
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
    const stream = `${new Date().toISOString().slice(0, 10).replaceAll('-', '/')}/[$LATEST]${this.#coldStarts}`;
    const environment = new Environment({
      ...this.#options,
      taskRoot: this.#taskRoot,
      variables: {
        ...this.#options.variables(stream),
        ...(this.#taskRoot === this.#options.taskRoot ? {} : { LAMBDA_TASK_ROOT: this.#taskRoot }),
      },
      onIdle: (idle) => {
        if (this.#outdated.has(idle)) this.#letGo(idle);
        else this.#idle.push(idle);
        this.#pump();
      },
      onGone: (gone, undelivered) => {
        this.#environments.delete(gone);
        const index = this.#idle.indexOf(gone);
        if (index >= 0) this.#idle.splice(index, 1);
        if (undelivered !== undefined) this.#queue.unshift(undelivered);
        this.#pump();
      },
    });
    this.#environments.add(environment);
    return environment;
  }

  /** It stays among the environments until its process has ended, so that `close` waits for it. */
  #letGo(environment: Environment): void {
    environment.close().catch(() => undefined);
  }
}
