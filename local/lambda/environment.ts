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
  /** Everything the child sees, except the address of its runtime API. */
  readonly variables: Readonly<Record<string, string>>;
  /** It can take the next invocation. */
  readonly onIdle: (environment: Environment) => void;
  /** Its process has ended, and cannot take another one. */
  readonly onExit: (environment: Environment) => void;
  /** It is gone, and so is its last line. `undelivered` never reached the code: it can be given to another environment. */
  readonly onGone: (environment: Environment, undelivered: Invocation | undefined) => void;
}

// "The Init phase is limited to 10 seconds", then it is tried again within the function's own timeout:
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
const initLimitMs = 10_000;
const exitLimitMs = 500;
const memoryPollMs = 100;
const middleMs = 5;

/** One execution environment: it runs one invocation at a time, until it crashes, times out or is closed. */
export class Environment {
  readonly #options: EnvironmentOptions;
  readonly #settings: EnvironmentSettings;
  readonly #log: PlatformLog;
  readonly #started: Promise<void>;
  #api: RuntimeApi | undefined;
  #process: EnvironmentProcess | undefined;
  /** The end of one whose init took too long. */
  #late: Promise<void> | undefined;
  /** The runtime waits for an event. */
  #isReady = false;
  #waiting: Invocation | undefined;
  #running: InvocationLog | undefined;
  /** The last one that was delivered: what is written later still belongs to it. */
  #requestId: string | undefined;
  #initStartedAtMs = 0;
  /** Until an invocation reports it. */
  #initMs: number | undefined;
  #skewMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #memoryTimer: NodeJS.Timeout | undefined;
  #isDoomed = false;
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

  /** Runs `invocation` as soon as the runtime asks for work. MUST NOT be called while another one is under way. */
  run(invocation: Invocation): void {
    this.#waiting = invocation;
    this.#skewMs = this.#settings.faults.skewMs(this.#settings.logicalId);
    if (this.#isReady) this.#deliver();
  }

  /** The clock of the local cloud has moved. One that is idle is told with its next event. */
  moveClock(): void {
    if (!this.#isReady) this.#process?.setClock(this.#clockOffsetMs);
  }

  /** Resolves when the process and its port are gone. */
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
    this.#arm(initLimitMs, () => this.#initAgain());
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
        if (started === this.#process) this.#vanish((requestId) => exitSentence(requestId, code, signal));
      },
      onNotStarted: (error) => this.#couldNotStart(error),
    });
    this.#process = started;
  }

  /** An init that took too long is killed and repeated as a part of the invocation, whose timeout runs from here. */
  #initAgain(): void {
    this.#log.initReport(initLimitMs, 'timeout');
    const late = this.#process;
    this.#startProcess();
    this.#late = late?.close();
    this.#arm(this.#settings.timeoutMs, () => this.#timeOut());
  }

  #onReady(): void {
    // It has not noticed yet, or is no runtime client that keeps to the protocol.
    if (this.#isDoomed || this.#running?.isAnswered === false) return;
    // Not before: an invocation ends when the runtime asks for the next one.
    this.#disarm();
    this.#isReady = true;
    if (!this.#hasServed) this.#initMs ??= performance.now() - this.#initStartedAtMs;
    // What it wrote before it asked is read in this turn of the event loop, and comes before the report.
    setImmediate(() => {
      if (this.#isGone || !this.#isReady) return;
      this.#report('success');
      if (this.#waiting === undefined) this.#process?.freeze();
      else this.#deliver();
    });
  }

  #deliver(): void {
    const invocation = this.#waiting;
    // The one before is not reported yet: it comes back here when it is.
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
    if (faults.kills(logicalId)) this.#killInTheMiddle();
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
    // It was killed before it could answer.
    if (this.#isDoomed || this.#killWhenOverLimit()) {
      this.#kill();
      return;
    }
    running.answer(result, this.#process?.peakMemoryMb);
    // First the environment, then the answer: a caller that comes back at once finds this environment, not a new one.
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
    const requestId = this.#beginLate();
    this.#log.timedOut(requestId, timeoutMs);
    this.#fail(timedOut(requestId, timeoutMs), 'timeout');
    this.#kill();
  }

  #failInit(result: Failure): void {
    this.#log.initReport(performance.now() - this.#initStartedAtMs, 'error', result.errorType);
    this.#beginLate();
    this.#fail(result, 'error', result.errorType);
    // It ends by itself, unless its code catches what ends others.
    this.#arm(exitLimitMs, () => this.#process?.kill());
  }

  /** An invocation that fails before it was delivered began all the same. @returns the request id */
  #beginLate(): string {
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

  /** Some of its work may be done by then, all of it perhaps, but it never answers. */
  #killInTheMiddle(): void {
    this.#isDoomed = true;
    setTimeout(() => this.#process?.kill(), middleMs);
  }

  #killWhenOverLimit(): boolean {
    if (this.#process?.exceedsMemory() !== true) return false;
    this.#kill();
    return true;
  }

  /** It may still say something until it has noticed. */
  #kill(): void {
    this.#isDoomed = true;
    this.#process?.kill();
  }

  #couldNotStart(error: Error): void {
    this.#vanish((requestId) => `RequestId: ${requestId} Error: Runtime could not be started (${error.message})`);
  }

  #vanish(sentenceOf: (requestId: string) => string): void {
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
    const sentence = sentenceOf(this.#beginLate());
    this.#log.exited(sentence, exitError);
    // The callers of AWS hear of the signal, and the log of the reason.
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
