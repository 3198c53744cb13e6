import { connectionIdIn, type Observe } from '../observation.ts';
import type { PlatformLog, Report } from './platform-log.ts';
import type { InvocationResult } from './result.ts';

export interface Invocation {
  readonly requestId: string;
  readonly payload: string;
  /** Called once. */
  settle(result: InvocationResult): void;
}

export interface CourseOptions {
  readonly logicalId: string;
  readonly log: PlatformLog;
  readonly observe: Observe;
  /** The first one of its environment. */
  readonly isCold: boolean;
  /** How long the init took that came before it, when there was one and it went well. */
  readonly initMs: number | undefined;
}

/** An invocation on its way through an environment, from its START line to its REPORT. */
export class Course {
  readonly #invocation: Invocation;
  readonly #options: CourseOptions;
  readonly #startedAtMs = performance.now();
  #result: InvocationResult | undefined;
  #durationMs = 0;
  #maxMemoryMb: number | undefined;

  constructor(invocation: Invocation, options: CourseOptions) {
    this.#invocation = invocation;
    this.#options = options;
    const { log, observe, logicalId, isCold } = options;
    log.start(this.requestId);
    const connectionId = connectionIdIn(invocation.payload);
    observe({ kind: 'invoked', function: logicalId, requestId: this.requestId, isCold, connectionId });
  }

  get requestId(): string {
    return this.#invocation.requestId;
  }

  get isAnswered(): boolean {
    return this.#result !== undefined;
  }

  /** The time ends here, whatever the runtime does before it asks for the next event. */
  answer(result: InvocationResult, maxMemoryMb: number | undefined): void {
    this.#result = result;
    this.#durationMs = performance.now() - this.#startedAtMs;
    this.#maxMemoryMb = maxMemoryMb;
  }

  /** Tells whoever invoked. MUST come after `answer`. */
  settle(): void {
    if (this.#result !== undefined) this.#invocation.settle(this.#result);
  }

  /** Comes after the last line that the function wrote in it. */
  report(status: Report['status'], errorType?: string): void {
    const { log, observe, logicalId, initMs } = this.#options;
    const requestId = this.requestId;
    const durationMs = this.#durationMs;
    const maxMemoryMb = this.#maxMemoryMb;
    const failed = this.#result?.outcome === 'failed' ? { errorType: this.#result.errorType } : {};
    const type = errorType === undefined ? {} : { errorType };
    log.report({ requestId, durationMs, initMs, maxMemoryMb, status, ...type });
    observe({
      kind: 'finished',
      function: logicalId,
      requestId,
      durationMs,
      ...(initMs === undefined ? {} : { initMs }),
      ...(maxMemoryMb === undefined ? {} : { maxMemoryMb }),
      ...failed,
    });
  }
}
