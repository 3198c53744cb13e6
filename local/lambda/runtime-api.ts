import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { readBody } from '../http/input.ts';
import { closeServer, listenOnLoopback } from '../http/loopback.ts';
import { failure } from './invocation.ts';

/** One event for an environment. */
export interface RuntimeEvent {
  readonly requestId: string;
  readonly payload: string;
  /** In the function's clock. */
  readonly deadlineMs: number;
  /** How far that clock is ahead of the machine's. Sent in a header that AWS does not have and its runtime client ignores. */
  readonly clockOffsetMs: number;
  readonly functionArn: string;
  readonly traceId: string;
}

/** The events from the code inside the environment. */
export interface RuntimeListener {
  /** The runtime is loaded and idle. Answer through `deliver`. */
  onReady(): void;
  onResponse(requestId: string, payload: string): void;
  onError(requestId: string, payload: string): void;
  onInitError(payload: string): void;
}

export interface RuntimeApi {
  /** host:port, as AWS_LAMBDA_RUNTIME_API has it */
  readonly address: string;
  /** Answers the waiting poll. MUST be called only after `onReady`, once for each. */
  deliver(event: RuntimeEvent): void;
  close(): Promise<void>;
}

const accepted = '{"status":"OK"}';

/**
 * "6 MB each for request and response (synchronous)", plus 100 bytes, as in the error messages:
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const maxResponseBytes = 6_291_556;

/** The caller's error, observed in DataBiosphere/azul#7466; its type in umihico/pythonista-chromeless#11. */
const responseTooLarge = failure(
  'Function.ResponseSizeTooLarge',
  `Response payload size exceeded maximum allowed payload size (${maxResponseBytes} bytes).`,
);

/** The runtime's error, which it logs, observed in heyito/ito#454. */
const responseTooLargeForRuntime = JSON.stringify({
  errorMessage: `Exceeded maximum allowed payload size (${maxResponseBytes} bytes).`,
  errorType: 'RequestEntityTooLarge',
});

/** The Lambda Runtime API of one environment: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html */
export async function startRuntimeApi(listener: RuntimeListener): Promise<RuntimeApi> {
  let poll: ServerResponse | undefined;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, , , subject, idOrWord = '', outcome] = (request.url ?? '').split('/');
    if (request.method === 'GET' && subject === 'invocation' && idOrWord === 'next') {
      poll = response;
      listener.onReady();
      return;
    }
    const body = await readBody(request, outcome === 'response' ? maxResponseBytes : Number.POSITIVE_INFINITY);
    if (body === 'too long') {
      send(response, 413, responseTooLargeForRuntime);
      listener.onError(idOrWord, responseTooLarge.payload);
      return;
    }
    send(response, 202, accepted);
    const payload = body.toString('utf8');
    if (subject === 'init') listener.onInitError(payload);
    else if (outcome === 'response') listener.onResponse(idOrWord, payload);
    else if (outcome === 'error') listener.onError(idOrWord, payload);
  }

  let last: Promise<void> = Promise.resolve();
  const server = createServer((request, response) => {
    // One after the other, because a response and the request for the next event may come in one packet. A request of a
    // killed process is dropped.
    last = last.then(() => answer(request, response)).catch(() => void response.destroy());
  });
  // A handler may run for 15 minutes, and the connection is idle during that time.
  server.keepAliveTimeout = 0;
  const port = await listenOnLoopback(server);
  return {
    address: `127.0.0.1:${port}`,
    deliver(event) {
      poll?.writeHead(200, {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(event.payload),
        'Lambda-Runtime-Aws-Request-Id': event.requestId,
        'Lambda-Runtime-Deadline-Ms': event.deadlineMs,
        'Local-Cloud-Clock-Offset-Ms': event.clockOffsetMs,
        'Lambda-Runtime-Invoked-Function-Arn': event.functionArn,
        'Lambda-Runtime-Trace-Id': event.traceId,
      });
      poll?.end(event.payload);
      poll = undefined;
    },
    close: () => closeServer(server),
  };
}

function send(response: ServerResponse, status: number, json: string): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': json.length }).end(json);
}

/** https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader */
export function newTraceId(nowMs: number): string {
  const random = randomUUID().replaceAll('-', '');
  const seconds = Math.floor(nowMs / 1000).toString(16);
  return `Root=1-${seconds}-${random.slice(0, 24)};Parent=${random.slice(16)};Sampled=0`;
}
