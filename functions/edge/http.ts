import {
  type ClientRequest,
  Agent as HttpAgent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestOptions,
  request as requestByHttp,
} from 'node:http';
import { Agent as HttpsAgent, request as requestByHttps } from 'node:https';

export interface HttpRequest {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  /** Undefined ones are not sent. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
  /** For the whole exchange, a second try and the body included. */
  readonly timeoutMs: number;
  /** Bytes of an answer that are read before it counts as too long. */
  readonly maxBodyBytes: number;
  /** Whether an answer of this status has a body worth waiting for; others are answered with an empty one. */
  readonly wantsBody: (status: number) => boolean;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** The exchange did not end in an answer. `reason` is safe to log. */
export class HttpFailure extends Error {
  readonly reason: string;

  constructor(reason: string) {
    super(reason);
    this.name = 'HttpFailure';
    this.reason = reason;
  }
}

/** Bytes of an answer's headers. An application with cache tags sends more than the 16 KB that Node takes by itself. */
const maxHeaderSize = 64 * 1024;
/** Some proxies say this on a connection that was idle for too long, and close it: https://www.rfc-editor.org/rfc/rfc9110#name-408-request-timeout. */
const idleTimeout = 408;

// Kept alive at module scope: a TLS handshake costs more than everything else the authorizer does.
const plain = { request: requestByHttp, agent: new HttpAgent({ keepAlive: true }) };
const encrypted = { request: requestByHttps, agent: new HttpsAgent({ keepAlive: true }) };

/**
 * One HTTP exchange over a kept connection. Redirects are answers like any other.
 * @throws HttpFailure for everything that is not an answer
 */
export function exchange(request: HttpRequest): Promise<HttpAnswer> {
  const transport = request.url.protocol === 'https:' ? encrypted : plain;
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([, value]) => value !== undefined));
  const options: RequestOptions = { method: request.method, headers, maxHeaderSize };

  return new Promise((resolve, reject) => {
    // Until an answer begins or we give up: both can end in what looks like a stale connection.
    let mayBeStale = true;
    let isWhole = () => false;
    let attempt = dial(transport.agent);
    const deadline = setTimeout(() => fail(`it did not answer within ${request.timeoutMs} ms`), request.timeoutMs);

    function dial(agent: HttpAgent | false): ClientRequest {
      const dialled = transport.request(request.url, { ...options, agent });
      dialled.once('response', receive);
      dialled.on('error', (error) => {
        if (isStale(dialled)) dialAnew();
        // PHP may output more than the length that it named, which is no part of the answer.
        else if (!isWhole()) fail(describe(error));
      });
      dialled.end(request.body);
      return dialled;
    }

    /** A kept connection may have died while the Lambda was frozen, and only sending on it tells. */
    function isStale(dialled: ClientRequest): boolean {
      return dialled.reusedSocket && mayBeStale;
    }

    /** Asking twice does no harm: it is a question. Without an agent, because other kept connections have probably died too. */
    function dialAnew(): void {
      attempt = dial(false);
    }

    function receive(response: IncomingMessage): void {
      const status = response.statusCode ?? 0;
      if (status === idleTimeout && isStale(attempt)) {
        response.destroy();
        dialAnew();
        return;
      }
      mayBeStale = false;
      isWhole = () => response.complete;
      const { headers } = response;
      const wanted = request.wantsBody(status);
      if (!wanted) resolve({ status, headers, body: '' });

      // A body nobody wants is drained under the same cap and deadline, so that the connection can serve again.
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (wanted) chunks.push(chunk);
        if (length > request.maxBodyBytes) fail(`its answer is longer than ${request.maxBodyBytes} bytes`);
      });
      response.once('error', (error) => fail(describe(error)));
      response.once('end', () => {
        clearTimeout(deadline);
        resolve({ status, headers, body: Buffer.concat(chunks).toString('utf8') });
      });
    }

    /** Without effect on an exchange that was answered already, but for hanging up. */
    function fail(reason: string): void {
      mayBeStale = false;
      clearTimeout(deadline);
      reject(new HttpFailure(reason));
      attempt.destroy();
    }
  });
}

/** Node's messages quote addresses and certificates, its codes do not. */
function describe(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return `the connection failed (${code})`;
}
