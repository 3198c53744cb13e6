/**
 * The runtime client inside every environment, like /var/runtime in AWS. It follows AWS's client before Node.js 24 (3.3.0)
 * and since (4.0.2): https://github.com/aws/aws-lambda-nodejs-runtime-interface-client
 * It is bundled into one script, so it may import only Node modules and the files beside it.
 */
import { type Answer, RuntimeClient } from './client.ts';
import { followClock, installClock, type RuntimeClock } from './clock.ts';
import { patchConsole, type RuntimeConsole } from './console.ts';
import { reportOf, runtimeError, serialize } from './errors.ts';
import { type Handler, loadHandler, runWithCallback } from './handler.ts';
import { ignorePackagesAbove, provideSdk, provideSdkToModules } from './modules.ts';
import { type Redirects, redirectConnections } from './redirects.ts';

/** The settings of an environment, hidden from its function. */
export interface RuntimeSettings {
  /** How far its clock is ahead of the machine's clock. */
  readonly clockOffsetMs: number;
  /** A file; the runtime's SDK is resolved from its `node_modules`. */
  readonly sdkBeside: string;
  readonly redirects: Redirects;
}

const clockDescriptor = 3;
const environment = process.env;
const isModern = Number(/nodejs(\d+)/.exec(environment['AWS_EXECUTION_ENV'] ?? '')?.[1] ?? 24) >= 24;

export async function start(settings: RuntimeSettings): Promise<void> {
  const clock = installClock(settings.clockOffsetMs);
  followClock(clock, clockDescriptor);
  redirectConnections(settings.redirects);
  const log = patchConsole(environment, isModern ? '-' : 'undefined');
  const onGone = () => process.exit(0);
  const client = new RuntimeClient(environment['AWS_LAMBDA_RUNTIME_API'] ?? '', onGone, log.logRefusal);
  const runtime = new Runtime(client, log, clock);
  if (!isModern) runtime.exitOnUncaughtErrors();
  await runtime.serve(settings.sdkBeside);
}

class Runtime {
  readonly #client: RuntimeClient;
  readonly #log: RuntimeConsole;
  readonly #clock: RuntimeClock;
  /** The path for reports of failures outside the handler. */
  #errorPath = 'init/error';

  constructor(client: RuntimeClient, log: RuntimeConsole, clock: RuntimeClock) {
    this.#client = client;
    this.#log = log;
    this.#clock = clock;
  }

  async serve(sdkBeside: string): Promise<never> {
    const handler = await this.#load(sdkBeside);
    let event = await this.#client.next();
    for (;;) event = await this.#serveOne(handler, event);
  }

  /** Only before Node.js 24. Later runtimes leave these errors to Node, which exits with status 1. */
  exitOnUncaughtErrors(): void {
    process.on('uncaughtException', (error) => void this.#exitWith('Uncaught Exception', error, 129));
    process.on('unhandledRejection', (reason) => {
      void this.#exitWith(
        'Unhandled Promise Rejection',
        runtimeError('UnhandledPromiseRejection', String(reason)),
        128,
      );
    });
  }

  async #load(sdkBeside: string): Promise<Handler> {
    try {
      provideSdk(sdkBeside);
      const { LAMBDA_TASK_ROOT = '', _HANDLER = '' } = environment;
      ignorePackagesAbove(LAMBDA_TASK_ROOT);
      const handler = await loadHandler(LAMBDA_TASK_ROOT, _HANDLER, isModern, () => provideSdkToModules(sdkBeside));
      if (isModern && handler.length >= 3) throw callbackRemoved();
      return handler;
    } catch (error) {
      if (!isModern) return this.#exitWith('Uncaught Exception', error, 129);
      this.#log.logError('Init Error', error);
      const report = reportOf(error);
      await this.#client.post('init/error', JSON.stringify(report), report.errorType);
      throw error;
    }
  }

  async #serveOne(handler: Handler, event: Answer): Promise<Answer> {
    const path = `invocation/${event.headers['lambda-runtime-aws-request-id']}`;
    this.#log.setRequestId(event.headers['lambda-runtime-aws-request-id'] ?? '');
    this.#errorPath = `${path}/error`;
    environment['_X_AMZN_TRACE_ID'] = event.headers['lambda-runtime-trace-id'];
    const context = contextOf(event, environment, this.#remainingOf(event));
    // Lets Node detect sockets that closed during the freeze, before the SDK writes to one.
    await new Promise(setImmediate);
    try {
      const payload: unknown = JSON.parse(event.body);
      const result = isModern ? await handler(payload, context) : await runWithCallback(handler, payload, context);
      const response = serialize(result, isModern);
      return this.#client.postAndNext(`${path}/response`, response);
    } catch (error) {
      this.#log.logError('Invoke Error', error);
      const report = reportOf(error);
      return this.#client.postAndNext(`${path}/error`, JSON.stringify(report), report.errorType);
    }
  }

  /** The remaining time uses the machine's clock, so moves of the local cloud's clock do not change it. */
  #remainingOf({ headers }: Answer): () => number {
    const offsetMs = Number(headers['local-cloud-clock-offset-ms'] ?? 0);
    this.#clock.set(offsetMs);
    const deadlineMs = Number(headers['lambda-runtime-deadline-ms']) - offsetMs;
    return () => deadlineMs - this.#clock.machineNow();
  }

  async #exitWith(what: string, error: unknown, exitCode: number): Promise<never> {
    this.#log.logError(what, error);
    const report = reportOf(error);
    await this.#client.post(this.#errorPath, JSON.stringify(report), report.errorType);
    process.exit(exitCode);
  }
}

function callbackRemoved(): Error {
  return runtimeError(
    'CallbackHandlerDeprecated',
    'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.',
  );
}

/**
 * The handler's context object: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html
 * @param remainingMs the remaining time of the invocation
 */
function contextOf({ headers }: Answer, environment: NodeJS.ProcessEnv, remainingMs: () => number): object {
  return {
    functionVersion: environment['AWS_LAMBDA_FUNCTION_VERSION'],
    functionName: environment['AWS_LAMBDA_FUNCTION_NAME'],
    memoryLimitInMB: environment['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'],
    logGroupName: environment['AWS_LAMBDA_LOG_GROUP_NAME'],
    logStreamName: environment['AWS_LAMBDA_LOG_STREAM_NAME'],
    clientContext: parse(headers['lambda-runtime-client-context']),
    identity: parse(headers['lambda-runtime-cognito-identity']),
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    getRemainingTimeInMillis: remainingMs,
  };
}

function parse(json: string | undefined): unknown {
  return json === undefined ? undefined : JSON.parse(json);
}
