/**
 * The runtime client inside every environment: what /var/runtime is in AWS. It is piped into a bare `node` process, so it
 * may import nothing but Node. Protocol: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
import { existsSync } from 'node:fs';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

type Callback = (error: unknown, result?: unknown) => void;
type Handler = (event: unknown, context: unknown, callback?: Callback) => unknown;

interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const environment = process.env;
const [hostname, port] = (environment.AWS_LAMBDA_RUNTIME_API ?? '').split(':');
const agent = new Agent({ keepAlive: true });
/** The request id of the invocation under way; what fails outside the handler is reported against it. */
let current: string | undefined;

function call(method: 'GET' | 'POST', path: string, body = '', headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { hostname, port, method, path: `/2018-06-01/runtime/${path}`, agent };
    const outgoing = request(
      { ...options, headers: { ...headers, 'Content-Length': Buffer.byteLength(body) } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(chunks).toString() }));
        response.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function describe(error: unknown, errorType?: string): { readonly errorType: string; readonly body: string } {
  const { name, message, stack } =
    error instanceof Error ? error : { name: typeof error, message: String(error), stack: '' };
  const type = errorType ?? name;
  return {
    errorType: type,
    body: JSON.stringify({ errorType: type, errorMessage: message, trace: (stack ?? '').split('\n') }),
  };
}

async function report(path: string, error: unknown, errorType?: string): Promise<void> {
  const { body, errorType: type } = describe(error, errorType);
  // One line, as the Node.js runtime writes it, whatever the stack looks like.
  console.error(`${new Date().toISOString()}\t${current ?? 'undefined'}\tERROR\tInvoke Error\t${body}`);
  await call('POST', path, body, { 'Lambda-Runtime-Function-Error-Type': type });
}

async function loadHandler(): Promise<Handler> {
  const [file = '', name = ''] = (environment._HANDLER ?? '').split('.');
  const root = environment.LAMBDA_TASK_ROOT ?? '';
  const found = ['.js', '.mjs', '.cjs']
    .map((extension) => join(root, file + extension))
    .find((path) => existsSync(path));
  if (found === undefined)
    throw Object.assign(new Error(`Cannot find module '${file}'`), { name: 'Runtime.ImportModuleError' });
  const module = found.endsWith('.mjs') ? await import(pathToFileURL(found).href) : require(found);
  const handler: unknown = module[name];
  if (typeof handler !== 'function') {
    throw Object.assign(new Error(`${file}.${name} is undefined or not exported`), { name: 'Runtime.HandlerNotFound' });
  }
  // Node.js 24 took the callback away and says so at start: https://github.com/aws/aws-lambda-nodejs-runtime-interface-client
  if (!hasCallback && handler.length >= 3) {
    throw Object.assign(new Error('Handlers with a callback are not supported by this runtime.'), {
      name: 'Runtime.CallbackHandlerDeprecated',
    });
  }
  return handler as Handler;
}

const hasCallback = Number(/nodejs(\d+)/.exec(environment.AWS_EXECUTION_ENV ?? '')?.[1] ?? 0) < 24;

function run(handler: Handler, event: unknown, context: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    // callbackWaitsForEmptyEventLoop is not emulated: a callback answers at once.
    const callback: Callback = (error, result) => (error ? reject(error) : resolve(result));
    const returned = hasCallback ? handler(event, context, callback) : handler(event, context);
    if (!hasCallback || handler.length < 3 || returned instanceof Promise) resolve(returned);
  });
}

function contextOf(headers: IncomingHttpHeaders): object {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: environment.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: environment.AWS_LAMBDA_FUNCTION_VERSION,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    memoryLimitInMB: environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    logGroupName: environment.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: environment.AWS_LAMBDA_LOG_STREAM_NAME,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

async function serve(): Promise<never> {
  let handler: Handler;
  try {
    handler = await loadHandler();
  } catch (error) {
    await report('init/error', error);
    process.exit(1);
  }
  for (;;) {
    // When this long poll fails, the local cloud has gone, and so do we.
    const { headers, body } = await call('GET', 'invocation/next').catch(() => process.exit(0));
    const requestId = String(headers['lambda-runtime-aws-request-id']);
    current = requestId;
    environment._X_AMZN_TRACE_ID = String(headers['lambda-runtime-trace-id']);
    try {
      const result = await run(handler, JSON.parse(body), contextOf(headers));
      // A function, a symbol or an odd toJSON has no JSON either; undefined would become an empty payload.
      const response = JSON.stringify(result) ?? 'null';
      current = undefined;
      await call('POST', `invocation/${requestId}/response`, response);
    } catch (error) {
      await report(`invocation/${requestId}/error`, error);
      current = undefined;
    }
  }
}

async function die(error: unknown, errorType: string, exitCode: number): Promise<never> {
  const requestId = current;
  if (requestId === undefined) console.error(error);
  else await report(`invocation/${requestId}/error`, error, errorType).catch(() => undefined);
  process.exit(exitCode);
}

// A handler that is busy when the local cloud is killed would not notice until it answers.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.exit(0);
}, 500).unref();

const giveUp = () => process.exit(1);
process.on('unhandledRejection', (reason) => {
  die(reason, 'Runtime.UnhandledPromiseRejection', 128).catch(giveUp);
});
process.on('uncaughtException', (error) => {
  die(error, 'Runtime.UncaughtException', 129).catch(giveUp);
});
serve().catch(giveUp);
