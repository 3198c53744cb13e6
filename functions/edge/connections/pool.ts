import type { Dispatcher } from 'undici';
import Client from 'undici/lib/dispatcher/client.js';
import Pool from 'undici/lib/dispatcher/pool.js';

export interface PoolRequest {
  readonly method: Dispatcher.HttpMethod;
  /** As it goes over the wire. */
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array | undefined;
}

/** As the SDK's deserializer takes it. */
export interface PoolAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Connections to one host. */
export interface ConnectionPool {
  /** @throws ExchangeFailure for everything that is not an answer */
  exchange(request: PoolRequest): Promise<PoolAnswer>;
  close(): Promise<void>;
}

/** The exchange did not end in an answer. */
export class ExchangeFailure extends Error {
  constructor(cause: Error) {
    const code = codeOf(cause);
    super(`no answer (${code ?? cause.name})`, { cause });
    // The SDK's name for what may be tried again; with another it asks the cause's code. A malformed answer may not.
    const isTimeout = code === tooLate || code === 'UND_ERR_CONNECT_TIMEOUT';
    this.name = isTimeout || isDeadConnection(cause) ? 'TimeoutError' : 'ExchangeFailure';
  }
}

/**
 * With 25 ms for a post they carry 10,000 a second, all that an account may ask for
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html). None is opened before it is needed.
 */
const maxConnections = 256;
/** More than any answer of API Gateway's has. */
const maxBodyBytes = 64 * 1024;

const tooLate = 'ETIMEDOUT';
const tooLong = 'EMSGSIZE';
const nothing = new Uint8Array(0);

/**
 * Opens connections as they are needed, and keeps them. undici looks at an idle one before it uses it, so one that is known to
 * be closed costs nothing; one that turns out dead on sending, after the Lambda was frozen, is replaced without a word.
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

  /** Not over the pool: what killed one connection has probably killed its neighbours. */
  function sendOverNewConnection(request: PoolRequest): Promise<PoolAnswer> {
    const connection = new KeptConnection(origin, settings);
    const answer = send(request, connection);
    void connection.close();
    return answer;
  }
}

/** Knows whether anything was answered over it since it was opened. */
class KeptConnection extends Client {
  answers = 0;

  constructor(origin: string | URL, options: Client.Options) {
    super(origin, options);
    // Emitted after the request that met its end has failed.
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
  /** `wasStale` when it was given to a kept connection that turned out to be dead. */
  failed(error: Error, wasStale: boolean): void;
}

/** One request on its way, and what has come of its answer. */
class Exchange implements Dispatcher.DispatchHandler {
  /** Undefined while it waits for one. */
  connection: KeptConnection | undefined;
  readonly #outcome: ExchangeOutcome;
  readonly #timer: NodeJS.Timeout;
  #controller: Dispatcher.DispatchController | undefined;
  #error: Error | undefined;
  #statusCode = 0;
  #headers: PoolAnswer['headers'] = {};
  #body: Uint8Array[] | undefined;
  #length = 0;

  /** @param timeoutMs for all of it, while undici limits the silence alone, to the next half second */
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

/** The other side is gone, as opposed to an answer that makes no sense. */
function isDeadConnection(error: Error): boolean {
  return ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(codeOf(error) ?? '');
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
