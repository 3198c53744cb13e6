import type { Clock } from '../clock.ts';
import { connectionIdIn, type Observe } from '../observation.ts';
import { type Invocation, type InvocationResult, timeoutSentence } from './invocation.ts';

export type LogFormat = 'Text' | 'JSON';
/** The level of Lambda's own lines in the JSON format. */
export type SystemLogLevel = 'INFO' | 'WARN';

/** The data of an invocation's REPORT line. */
export interface Report {
  readonly requestId: string;
  readonly durationMs: number;
  /** Only for the first invocation of an environment. */
  readonly initMs: number | undefined;
  readonly maxMemoryMb: number | undefined;
  readonly status: 'success' | 'timeout' | 'error';
  /** For a failed runtime, not for a handler that threw. */
  readonly errorType?: string;
}

/** Lambda's own lines in a function's log. */
export interface PlatformLog {
  initStart(): void;
  /** Reports a failed init. */
  initReport(initMs: number, status: 'timeout' | 'error', errorType?: string): void;
  start(requestId: string): void;
  timedOut(requestId: string, timeoutMs: number): void;
  exited(sentence: string, errorType: string): void;
  report(report: Report): void;
}

const version = '$LATEST';

export function createPlatformLog(
  format: LogFormat,
  level: SystemLogLevel,
  memoryMb: number,
  region: string,
  clock: Clock,
  write: (line: string) => void,
): PlatformLog {
  return format === 'JSON' ? jsonLog(level, memoryMb, region, clock, write) : textLog(memoryMb, region, clock, write);
}

/** Two decimals, as in AWS. */
const round = (ms: number) => Math.round(ms * 100) / 100;

/** The init is billed since August 2025: https://aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase/ */
const billedMs = ({ durationMs, initMs = 0 }: Report) => Math.ceil(durationMs + initMs);

/** The Node.js of this machine, not the version in the template. */
const runtimeVersion = `nodejs:${process.versions.node}`;
const runtimeArn = (region: string) => `arn:aws:lambda:${region}::runtime:local`;

/** The forms of https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html and, for what fails, of
 * https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-invoke-with-errors */
function textLog(memoryMb: number, region: string, clock: Clock, write: (line: string) => void): PlatformLog {
  const ending = (status: string, errorType: string | undefined) =>
    `\tStatus: ${status}${errorType === undefined ? '' : `\tError Type: ${errorType}`}`;
  return {
    initStart: () => write(`INIT_START Runtime Version: ${runtimeVersion}\tRuntime Version ARN: ${runtimeArn(region)}`),
    initReport: (initMs, status, errorType) =>
      write(`INIT_REPORT Init Duration: ${initMs.toFixed(2)} ms\tPhase: init${ending(status, errorType)}`),
    start: (requestId) => write(`START RequestId: ${requestId} Version: ${version}`),
    timedOut: (requestId, timeoutMs) =>
      write(`${new Date(clock.now()).toISOString()} ${requestId} ${timeoutSentence(timeoutMs)}`),
    exited: (sentence, errorType) => write(`${sentence}\n${errorType}`),
    report(report) {
      const { requestId, durationMs, initMs, maxMemoryMb, status, errorType } = report;
      write(`END RequestId: ${requestId}`);
      const init = initMs === undefined ? '' : `Init Duration: ${initMs.toFixed(2)} ms\t`;
      const memory = maxMemoryMb === undefined ? '' : `Max Memory Used: ${Math.ceil(maxMemoryMb)} MB\t`;
      const end = status === 'success' ? '' : ending(status, errorType).slice(1);
      write(
        `REPORT RequestId: ${requestId}\tDuration: ${durationMs.toFixed(2)} ms\tBilled Duration: ${billedMs(report)} ms\t` +
          `Memory Size: ${memoryMb} MB\t${memory}${init}${end}`,
      );
    },
  };
}

/**
 * The records of https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html, each at the level of
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html#monitoring-cloudwatchlogs-log-level-mapping:
 * INFO, and WARN where something failed.
 */
function jsonLog(
  level: SystemLogLevel,
  memoryMb: number,
  region: string,
  clock: Clock,
  write: (line: string) => void,
): PlatformLog {
  const record = (type: string, what: object, hasFailed = false) => {
    if (level === 'WARN' && !hasFailed) return;
    write(JSON.stringify({ time: new Date(clock.now()).toISOString(), type: `platform.${type}`, record: what }));
  };
  return {
    initStart: () =>
      record('initStart', {
        initializationType: 'on-demand',
        phase: 'init',
        runtimeVersion,
        runtimeVersionArn: runtimeArn(region),
      }),
    initReport: (initMs, status, errorType) =>
      record(
        'initReport',
        {
          initializationType: 'on-demand',
          phase: 'init',
          status,
          ...(errorType === undefined ? {} : { errorType }),
          metrics: { durationMs: round(initMs) },
        },
        true,
      ),
    start: (requestId) => record('start', { requestId, version }),
    // In the JSON format the report's status contains both.
    timedOut: () => undefined,
    exited: () => undefined,
    report(report) {
      const { requestId, durationMs, initMs, maxMemoryMb, status, errorType } = report;
      const metrics = {
        durationMs: round(durationMs),
        billedDurationMs: billedMs(report),
        memorySizeMB: memoryMb,
        ...(maxMemoryMb === undefined ? {} : { maxMemoryUsedMB: Math.ceil(maxMemoryMb) }),
        ...(initMs === undefined ? {} : { initDurationMs: round(initMs) }),
      };
      const error = errorType === undefined ? {} : { errorType };
      record('report', { requestId, metrics, status, ...error }, status !== 'success');
    },
  };
}

export interface InvocationLogOptions {
  readonly logicalId: string;
  readonly log: PlatformLog;
  readonly observe: Observe;
  /** Whether it is the first invocation of its environment. */
  readonly isCold: boolean;
  /** The duration of a successful init before it. */
  readonly initMs: number | undefined;
}

/** Logs an invocation from its START line to its REPORT. */
export class InvocationLog {
  readonly #invocation: Invocation;
  readonly #options: InvocationLogOptions;
  readonly #startedAtMs = performance.now();
  #result: InvocationResult | undefined;
  #durationMs = 0;
  #maxMemoryMb: number | undefined;

  constructor(invocation: Invocation, options: InvocationLogOptions) {
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

  /** The duration ends here. Later work of the runtime does not count. */
  answer(result: InvocationResult, maxMemoryMb: number | undefined): void {
    this.#result = result;
    this.#durationMs = performance.now() - this.#startedAtMs;
    this.#maxMemoryMb = maxMemoryMb;
  }

  /** Sends the result to the caller. MUST be called after `answer`. */
  settle(): void {
    if (this.#result !== undefined) this.#invocation.settle(this.#result);
  }

  /** Call this after the function's last line. */
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
