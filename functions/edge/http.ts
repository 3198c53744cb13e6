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
  /** Headers with the value undefined are not sent. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
  /** For the whole exchange, including a retry and the body. */
  readonly timeoutMs: number;
  /** A longer body is a failure. */
  readonly maxBodyBytes: number;
  /** Whether the caller needs the body of an answer with this status. If not, `body` is empty. */
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

/** Bytes of an answer's headers. An application with cache tags may send more than Node's default of 16 KB. */
const maxHeaderSize = 64 * 1024;
/**
 * Some proxies answer this on a connection that was idle for too long, and close it:
 * https://www.rfc-editor.org/rfc/rfc9110#name-408-request-timeout.
 */
const idleTimeout = 408;

// Kept alive at module scope: a TLS handshake takes longer than everything else in the authorizer.
const plain = { request: requestByHttp, agent: new HttpAgent({ keepAlive: true }) };
const encrypted = { request: requestByHttps, agent: new HttpsAgent({ keepAlive: true }) };

/**
 * One HTTP exchange over a keep-alive connection. A redirect is returned like any other answer.
 * @throws HttpFailure if there is no complete answer
 */
export function exchange(request: HttpRequest): Promise<HttpAnswer> {
  const transport = request.url.protocol === 'https:' ? encrypted : plain;
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([, value]) => value !== undefined));
  const options: RequestOptions = { method: request.method, headers, maxHeaderSize };

  return new Promise((resolve, reject) => {
    // False once an answer begins or the exchange fails: later errors can look like a stale connection.
    let mayBeStale = true;
    let isWhole = () => false;
    let attempt = send(transport.agent);
    const deadline = setTimeout(() => fail(`it did not answer within ${request.timeoutMs} ms`), request.timeoutMs);

    function send(agent: HttpAgent | false): ClientRequest {
      const sent = transport.request(request.url, { ...options, agent });
      sent.once('response', receive);
      sent.on('error', (error) => {
        if (isStale(sent)) retry();
        // PHP may output more bytes than its Content-Length; they are not part of the answer.
        else if (!isWhole()) fail(describe(error));
      });
      sent.end(request.body);
      return sent;
    }

    /** A keep-alive connection may have died while the Lambda was frozen, and only sending on it reveals that. */
    function isStale(sent: ClientRequest): boolean {
      return sent.reusedSocket && mayBeStale;
    }

    /**
     * A retry is safe, because both requests only read. It uses no agent: other keep-alive connections are probably
     * dead too.
     */
    function retry(): void {
      attempt = send(false);
    }

    function receive(response: IncomingMessage): void {
      const status = response.statusCode ?? 0;
      if (status === idleTimeout && isStale(attempt)) {
        response.destroy();
        retry();
        return;
      }
      mayBeStale = false;
      isWhole = () => response.complete;
      const { headers } = response;
      const wanted = request.wantsBody(status);
      if (!wanted) resolve({ status, headers, body: '' });

      // An unwanted body is drained within the same limit and deadline, so that the connection can be reused.
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

    /** If the exchange already has its answer, this only closes the connection. */
    function fail(reason: string): void {
      mayBeStale = false;
      clearTimeout(deadline);
      reject(new HttpFailure(reason));
      attempt.destroy();
    }
  });
}

/** The code instead of the message, because Node's messages quote addresses and certificates. */
function describe(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return `the connection failed (${code})`;
}
