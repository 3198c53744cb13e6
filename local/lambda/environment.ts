import { randomUUID } from 'node:crypto';
import { EnvironmentProcess } from './environment-process.ts';
import type { EnvironmentSettings } from './function-settings.ts';
import {
  exitSentence,
  type Failure,
  failure,
  type Invocation,
  type InvocationResult,
  reportedFailure,
  timedOut,
} from './invocation.ts';
import { createPlatformLog, InvocationLog, type PlatformLog, type Report } from './invocation-log.ts';
import { newTraceId, type RuntimeApi, startRuntimeApi } from './runtime-api.ts';

export interface EnvironmentOptions {
  readonly settings: EnvironmentSettings;
  readonly taskRoot: string;
  /** All environment variables of the child, except the address of its runtime API. */
  readonly variables: Readonly<Record<string, string>>;
  /** The environment can run the next invocation. */
  readonly onIdle: (environment: Environment) => void;
  /** The process has exited, so the environment cannot run another invocation. */
  readonly onExit: (environment: Environment) => void;
  /** The environment is gone and its last line is read. `undelivered` never reached the code, so another environment can run it. */
  readonly onGone: (environment: Environment, undelivered: Invocation | undefined) => void;
}

// "The Init phase is limited to 10 seconds", then it is retried within the function's own timeout:
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
const initLimitMs = 10_000;
const exitLimitMs = 500;
const memoryPollMs = 100;
const killDelayMs = 5;

/** One execution environment: it runs one invocation at a time, until it crashes, times out or is closed. */
export class Environment {
  readonly #options: EnvironmentOptions;
  readonly #settings: EnvironmentSettings;
  readonly #log: PlatformLog;
  readonly #started: Promise<void>;
  #api: RuntimeApi | undefined;
  #process: EnvironmentProcess | undefined;
  /** The shutdown of a process whose init timed out. */
  #late: Promise<void> | undefined;
  /** The runtime waits for an event. */
  #isReady = false;
  #waiting: Invocation | undefined;
  #running: InvocationLog | undefined;
  /** The last delivered invocation. Later output still belongs to it. */
  #requestId: string | undefined;
  #initStartedAtMs = 0;
  /** The init duration, until an invocation reports it. */
  #initMs: number | undefined;
  #skewMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #memoryTimer: NodeJS.Timeout | undefined;
  #isKilled = false;
  #hasServed = false;
  #hasExited = false;
  #isGone = false;

  constructor(options: EnvironmentOptions) {
    this.#options = options;
    this.#settings = options.settings;
    const { logFormat, systemLogLevel, memoryMb, region, clock } = options.settings;
    this.#log = createPlatformLog(logFormat, systemLogLevel, memoryMb, region, clock, (line) => this.#write(line));
    this.#started = this.#start().catch((error: Error) => this.#couldNotStart(error));
  }

  /** Runs `invocation` as soon as the runtime asks for work. MUST NOT be called during another invocation. */
  run(invocation: Invocation): void {
    this.#waiting = invocation;
    this.#skewMs = this.#settings.faults.skewMs(this.#settings.logicalId);
    if (this.#isReady) this.#deliver();
  }

  /** Call this after the clock moved. An idle environment gets the clock with its next event. */
  moveClock(): void {
    if (!this.#isReady) this.#process?.setClock(this.#clockOffsetMs);
  }

  /** Resolves when the process has ended and its port is closed. */
  async close(): Promise<void> {
    await this.#started;
    await Promise.all([this.#process?.close(), this.#late]);
    await this.#api?.close();
  }

  get #clockOffsetMs(): number {
    return this.#settings.clock.aheadMs + this.#skewMs;
  }

  async #start(): Promise<void> {
    this.#api = await startRuntimeApi({
      onReady: () => this.#onReady(),
      onResponse: (requestId, payload) => this.#finish(requestId, { outcome: 'returned', payload }),
      onError: (requestId, payload) => this.#finish(requestId, reportedFailure(payload)),
      onInitError: (payload) => this.#failInit(reportedFailure(payload)),
    });
    this.#startProcess();
    this.#arm(initLimitMs, () => this.#restartInit());
  }

  #startProcess(): void {
    this.#log.initStart();
    this.#initStartedAtMs = performance.now();
    const started: EnvironmentProcess = new EnvironmentProcess({
      settings: this.#settings,
      clockOffsetMs: this.#clockOffsetMs,
      taskRoot: this.#options.taskRoot,
      variables: { ...this.#options.variables, AWS_LAMBDA_RUNTIME_API: this.#api?.address ?? '' },
      onLine: (line) => this.#write(line),
      onExit: () => {
        if (started !== this.#process) return;
        this.#hasExited = true;
        this.#options.onExit(this);
      },
      onGone: (code, signal) => {
        if (started === this.#process) this.#onGone((requestId) => exitSentence(requestId, code, signal));
      },
      onNotStarted: (error) => this.#couldNotStart(error),
    });
    this.#process = started;
  }

  /** Kills an init that timed out and repeats it as part of the invocation, whose timeout starts here. */
  #restartInit(): void {
    this.#log.initReport(initLimitMs, 'timeout');
    const late = this.#process;
    this.#startProcess();
    this.#late = late?.close();
    this.#arm(this.#settings.timeoutMs, () => this.#timeOut());
  }

  #onReady(): void {
    // The process was killed but still runs, or its runtime client violates the protocol.
    if (this.#isKilled || this.#running?.isAnswered === false) return;
    // An invocation ends only when the runtime asks for the next one.
    this.#disarm();
    this.#isReady = true;
    if (!this.#hasServed) this.#initMs ??= performance.now() - this.#initStartedAtMs;
    // Output from before the request is read in this turn of the event loop, so it precedes the report.
    setImmediate(() => {
      if (this.#isGone || !this.#isReady) return;
      this.#report('success');
      if (this.#waiting === undefined) this.#process?.freeze();
      else this.#deliver();
    });
  }

  #deliver(): void {
    const invocation = this.#waiting;
    // The previous invocation is not reported yet. This runs again after its report.
    if (invocation === undefined || this.#isGone || this.#running !== undefined) return;
    this.#isReady = false;
    this.#hasServed = true;
    const { timeoutMs, functionArn, clock, faults, logicalId } = this.#settings;
    const { requestId } = this.#begin(invocation);
    this.#arm(timeoutMs, () => this.#timeOut());
    this.#memoryTimer = setInterval(() => this.#killWhenOverLimit(), memoryPollMs);
    this.#process?.thaw();
    this.#api?.deliver({
      requestId,
      payload: invocation.payload,
      deadlineMs: clock.now() + this.#skewMs + timeoutMs,
      clockOffsetMs: this.#clockOffsetMs,
      functionArn,
      traceId: newTraceId(clock.now()),
    });
    if (faults.kills(logicalId)) this.#killDuringInvocation();
  }

  #begin(invocation: Invocation): InvocationLog {
    const { logicalId, observe } = this.#settings;
    const initMs = this.#initMs;
    this.#waiting = undefined;
    this.#initMs = undefined;
    this.#requestId = invocation.requestId;
    const isCold = initMs !== undefined || !this.#hasServed;
    this.#running = new InvocationLog(invocation, { logicalId, log: this.#log, observe, isCold, initMs });
    return this.#running;
  }

  #finish(requestId: string, result: InvocationResult): void {
    const running = this.#running;
    if (running?.requestId !== requestId || running.isAnswered) return;
    // The process was killed before it could answer.
    if (this.#isKilled || this.#killWhenOverLimit()) {
      this.#kill();
      return;
    }
    running.answer(result, this.#process?.peakMemoryMb);
    // Marks the environment idle before the answer, so that an immediate next call reuses it.
    if (!this.#hasExited) this.#options.onIdle(this);
    running.settle();
  }

  #report(status: Report['status'], errorType?: string): void {
    const running = this.#running;
    this.#running = undefined;
    running?.report(status, errorType);
  }

  #timeOut(): void {
    const { timeoutMs } = this.#settings;
    const requestId = this.#beginUndelivered();
    this.#log.timedOut(requestId, timeoutMs);
    this.#fail(timedOut(requestId, timeoutMs), 'timeout');
    this.#kill();
  }

  #failInit(result: Failure): void {
    this.#log.initReport(performance.now() - this.#initStartedAtMs, 'error', result.errorType);
    this.#beginUndelivered();
    this.#fail(result, 'error', result.errorType);
    // The process exits by itself, unless its code prevents that.
    this.#arm(exitLimitMs, () => this.#process?.kill());
  }

  /** Begins an invocation that failed before its delivery. @returns the request id */
  #beginUndelivered(): string {
    if (this.#running === undefined && this.#waiting !== undefined) this.#begin(this.#waiting);
    return this.#running?.requestId ?? randomUUID();
  }

  #fail(result: Failure, status: 'timeout' | 'error', errorType?: string): void {
    const running = this.#running;
    this.#disarm();
    this.#isReady = false;
    if (running === undefined) return;
    const isAnswered = running.isAnswered;
    if (!isAnswered) running.answer(result, this.#process?.peakMemoryMb);
    this.#report(status, errorType);
    if (!isAnswered) running.settle();
  }

  /** The function may have done some or all of its work, but it never answers. */
  #killDuringInvocation(): void {
    this.#isKilled = true;
    setTimeout(() => this.#process?.kill(), killDelayMs);
  }

  #killWhenOverLimit(): boolean {
    if (this.#process?.exceedsMemory() !== true) return false;
    this.#kill();
    return true;
  }

  /** Output may still arrive until the process ends. */
  #kill(): void {
    this.#isKilled = true;
    this.#process?.kill();
  }

  #couldNotStart(error: Error): void {
    this.#onGone((requestId) => `RequestId: ${requestId} Error: Runtime could not be started (${error.message})`);
  }

  #onGone(sentenceOf: (requestId: string) => string): void {
    if (this.#isGone) return;
    this.#isGone = true;
    const isAnswered = this.#running?.isAnswered === true;
    const undelivered = this.#hasServed && (this.#running === undefined || isAnswered) ? this.#waiting : undefined;
    if (undelivered !== undefined) this.#waiting = undefined;
    if (isAnswered) this.#report('success');
    else if (this.#running !== undefined || this.#waiting !== undefined) this.#failForExit(sentenceOf);
    this.#disarm();
    this.#api?.close().catch(() => undefined);
    this.#options.onGone(this, undelivered);
  }

  #failForExit(sentenceOf: (requestId: string) => string): void {
    const exitError = 'Runtime.ExitError';
    if (!this.#hasServed) this.#log.initReport(performance.now() - this.#initStartedAtMs, 'error', exitError);
    const sentence = sentenceOf(this.#beginUndelivered());
    this.#log.exited(sentence, exitError);
    // In AWS the caller gets the signal, and the log has the reason.
    const reportedType = this.#process?.isOutOfMemory ? 'Runtime.OutOfMemory' : exitError;
    this.#fail(failure(exitError, sentence), 'error', reportedType);
  }

  #write(line: string): void {
    this.#settings.onLine(line);
    const { logicalId, observe } = this.#settings;
    observe({ kind: 'line', function: logicalId, requestId: this.#requestId, text: line });
  }

  #arm(afterMs: number, onTimeout: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(onTimeout, afterMs);
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#memoryTimer);
  }
}
