import type { Dispatcher } from 'undici';
import Pool from 'undici/lib/dispatcher/pool.js';
import { type Answer, Exchange } from './exchange.ts';
import { Line } from './line.ts';
import { LineFailure } from './line-failure.ts';

export interface LineRequest {
  readonly method: Dispatcher.HttpMethod;
  /** As it goes over the wire. */
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array | undefined;
}

/** Connections to one host. */
export interface Lines {
  /** @throws LineFailure for everything that is not an answer */
  exchange(request: LineRequest): Promise<Answer>;
  close(): Promise<void>;
}

/**
 * With 25 ms for a post they carry 10,000 a second, all that an account may ask for
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html). None is opened before it is needed.
 */
const mostLines = 256;

/**
 * Opens connections as they are needed, and keeps them. undici looks at an idle one before it uses it, so one that is known to
 * be closed costs nothing; one that turns out dead on sending, after the Lambda was frozen, is replaced without a word.
 * @param timeoutMs for one exchange, from the wait for a connection to the last byte of the answer
 */
export function openLines(origin: string, timeoutMs: number): Lines {
  const settings = { connect: { timeout: timeoutMs }, headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: 30_000 };
  const pool = new Pool(origin, { ...settings, connections: mostLines, factory: (to, all) => new Line(to, all) });
  return {
    exchange: (request) => send(request, pool),
    close: () => pool.destroy(),
  };

  function send(request: LineRequest, way: Pool | Line): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const failed = (error: Error, wasStale: boolean) => {
        if (wasStale && way === pool) resolve(sendAfresh(request));
        else reject(new LineFailure(error));
      };
      const exchange = new Exchange({ answered: resolve, failed }, timeoutMs);
      const { method, path, headers, body = null } = request;
      const options = { method, path, headers, body, exchange };
      way.dispatch(options, exchange);
    });
  }

  /** Not over the pool: what killed one connection has probably killed its neighbours. */
  function sendAfresh(request: LineRequest): Promise<Answer> {
    const line = new Line(origin, settings);
    const answer = send(request, line);
    void line.close();
    return answer;
  }
}
