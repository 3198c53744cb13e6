import type { Dispatcher } from 'undici';
import Client from 'undici/lib/dispatcher/client.js';
import Pool from 'undici/lib/dispatcher/pool.js';

export interface PoolRequest {
  readonly method: Dispatcher.HttpMethod;
  /** Escaped as on the wire. */
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array | undefined;
}

/** In the shape that the SDK's deserializer expects. */
export interface PoolAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Connections to one host. */
export interface ConnectionPool {
  /** @throws ExchangeFailure if there is no complete answer */
  exchange(request: PoolRequest): Promise<PoolAnswer>;
  close(): Promise<void>;
}

/** The exchange did not end in an answer. */
export class ExchangeFailure extends Error {
  constructor(cause: Error) {
    const code = codeOf(cause);
    super(`no answer (${code ?? cause.name})`, { cause });
    // The SDK retries errors with this name; for others it checks the cause's code. It must not retry a malformed
    // answer.
    const isTimeout = code === tooLate || code === 'UND_ERR_CONNECT_TIMEOUT';
    this.name = isTimeout || isDeadConnection(cause) ? 'TimeoutError' : 'ExchangeFailure';
  }
}

/**
 * At 25 ms for a post, 256 connections carry 10,000 posts a second, an account's whole quota
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html). They open on demand.
 */
const maxConnections = 256;
/** More than any answer of API Gateway. */
const maxBodyBytes = 64 * 1024;

const tooLate = 'ETIMEDOUT';
const tooLong = 'EMSGSIZE';
const nothing = new Uint8Array(0);

/**
 * Opens connections on demand, and keeps them alive. undici never uses a connection that it knows is closed. After
 * the Lambda was frozen, a connection may turn out to be dead only when a request is sent. That request is retried on a
 * new one.
 * @param timeoutMs for one exchange, from the wait for a connection to the last byte of the answer
 */
export function openPool(origin: string, timeoutMs: number): ConnectionPool {
  const settings = { connect: { timeout: timeoutMs }, headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: 30_000 };
  const pool = new Pool(origin, {
    ...settings,
    connections: maxConnections,
    factory: (to, options) => new KeptConnection(to, options),
  });
  return {
    exchange: (request) => send(request, pool),
    close: () => pool.destroy(),
  };

  function send(request: PoolRequest, over: Pool | KeptConnection): Promise<PoolAnswer> {
    return new Promise((resolve, reject) => {
      const failed = (error: Error, wasStale: boolean) => {
        if (wasStale && over === pool) resolve(sendOverNewConnection(request));
        else reject(new ExchangeFailure(error));
      };
      const exchange = new Exchange({ answered: resolve, failed }, timeoutMs);
      const { method, path, headers, body = null } = request;
      const options = { method, path, headers, body, exchange };
      over.dispatch(options, exchange);
    });
  }

  /** Outside the pool, because its other connections are probably dead too. */
  function sendOverNewConnection(request: PoolRequest): Promise<PoolAnswer> {
    const connection = new KeptConnection(origin, settings);
    const answer = send(request, connection);
    void connection.close();
    return answer;
  }
}

/** Counts its answers since it was opened. */
class KeptConnection extends Client {
  answers = 0;

  constructor(origin: string | URL, options: Client.Options) {
    super(origin, options);
    // Emitted after the failure of the request that found it closed.
    this.on('disconnect', () => {
      this.answers = 0;
    });
  }

  override dispatch(
    options: Dispatcher.DispatchOptions & { readonly exchange: Exchange },
    handler: Dispatcher.DispatchHandler,
  ): boolean {
    options.exchange.connection = this;
    return super.dispatch(options, handler);
  }
}

interface ExchangeOutcome {
  answered(answer: PoolAnswer): void;
  /** `wasStale`: the request was sent on a kept connection that turned out to be dead. */
  failed(error: Error, wasStale: boolean): void;
}

/** One request, and the answer as far as it has arrived. */
class Exchange implements Dispatcher.DispatchHandler {
  /** Undefined while the request waits for a connection. */
  connection: KeptConnection | undefined;
  readonly #outcome: ExchangeOutcome;
  readonly #timer: NodeJS.Timeout;
  #controller: Dispatcher.DispatchController | undefined;
  #error: Error | undefined;
  #statusCode = 0;
  #headers: PoolAnswer['headers'] = {};
  #body: Uint8Array[] | undefined;
  #length = 0;

  /**
   * @param timeoutMs for the whole exchange. undici's own timeouts cover only pauses, with a precision of half a
   * second.
   */
  constructor(outcome: ExchangeOutcome, timeoutMs: number) {
    this.#outcome = outcome;
    this.#timer = setTimeout(() => this.#giveUp(tooLate), timeoutMs);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#error !== undefined) controller.abort(this.#error);
  }

  onResponseStart(_: Dispatcher.DispatchController, statusCode: number, headers: object): void {
    this.#statusCode = statusCode;
    this.#headers = headers as PoolAnswer['headers'];
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Uint8Array): void {
    this.#length += chunk.length;
    this.#body ??= [];
    this.#body.push(chunk);
    if (this.#length > maxBodyBytes) this.#giveUp(tooLong);
  }

  onResponseEnd(): void {
    clearTimeout(this.#timer);
    if (this.connection !== undefined) this.connection.answers += 1;
    const body = this.#body === undefined ? nothing : Buffer.concat(this.#body);
    this.#outcome.answered({ statusCode: this.#statusCode, headers: this.#headers, body });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    const wasKept = this.connection !== undefined && this.connection.answers > 0;
    this.#fail(error, wasKept && this.#statusCode === 0 && isDeadConnection(error));
  }

  #giveUp(code: string): void {
    const error = Object.assign(new Error(code), { code });
    this.#fail(error, false);
    this.#controller?.abort(error);
  }

  #fail(error: Error, wasStale: boolean): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    clearTimeout(this.#timer);
    this.#outcome.failed(error, wasStale);
  }
}

/** The other side is gone. A malformed answer is another failure. */
function isDeadConnection(error: Error): boolean {
  return ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(codeOf(error) ?? '');
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
