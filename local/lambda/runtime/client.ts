import { connect, type Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const longestTogether = 65_536;
const root = '/2018-06-01/runtime';

/**
 * The Runtime API from the function's side: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 * By hand on one socket, because Node's own HTTP client costs more time than all the rest of a warm invocation. While no
 * answer is awaited the socket does not keep the process alive, so that an empty event loop is seen.
 */
export class RuntimeClient {
  readonly #host: string;
  readonly #socket: Socket;
  readonly #onRefused: (answer: Answer) => void;
  readonly #waiting: ((answer: Answer) => void)[] = [];
  #received: Buffer = Buffer.alloc(0);

  /**
   * @param onGone the local cloud has closed the connection
   * @param onRefused a response is too large
   */
  constructor(address: string, onGone: () => void, onRefused: (answer: Answer) => void) {
    this.#host = address;
    this.#onRefused = onRefused;
    const [host = '', port = ''] = address.split(':');
    this.#socket = connect({ host, port: Number(port), noDelay: true });
    this.#socket.on('data', (chunk) => this.#read(chunk));
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', onGone);
  }

  next(): Promise<Answer> {
    return this.#send(`GET ${root}/invocation/next HTTP/1.1\r\nHost: ${this.#host}\r\n\r\n`);
  }

  post(path: string, body: string, errorType?: string): Promise<Answer> {
    const type = errorType === undefined ? '' : `Lambda-Runtime-Function-Error-Type: ${encodeHeader(errorType)}\r\n`;
    const head = `POST ${root}/${path} HTTP/1.1\r\nHost: ${this.#host}\r\nContent-Type: application/json\r\n${type}`;
    return this.#send(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }

  /** Says how an invocation ended and asks for the next one, in the same packet when there is little to say. */
  async postAndNext(path: string, body: string, errorType?: string): Promise<Answer> {
    if (body.length > longestTogether) {
      const answer = await this.post(path, body, errorType);
      if (answer.status >= 400) this.#onRefused(answer);
      return this.next();
    }
    this.#socket.cork();
    void this.post(path, body, errorType);
    const next = this.next();
    this.#socket.uncork();
    return next;
  }

  #send(request: string): Promise<Answer> {
    this.#socket.ref();
    this.#socket.write(request);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #read(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    for (;;) {
      const headEnd = this.#received.indexOf('\r\n\r\n');
      if (headEnd < 0) return;
      const [statusLine = '', ...lines] = this.#received.toString('latin1', 0, headEnd).split('\r\n');
      const headers = Object.fromEntries(lines.map(readHeader));
      const bodyEnd = headEnd + 4 + Number(headers['content-length'] ?? 0);
      if (this.#received.length < bodyEnd) return;
      const body = this.#received.toString('utf8', headEnd + 4, bodyEnd);
      this.#received = this.#received.subarray(bodyEnd);
      const resolve = this.#waiting.shift();
      if (this.#waiting.length === 0) this.#socket.unref();
      resolve?.({ status: Number(statusLine.split(' ')[1]), headers, body });
    }
  }
}

function readHeader(line: string): [name: string, value: string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

/** The name of an error is whatever its class says: a line break in it would end the header. */
function encodeHeader(value: string): string {
  return value.replace(/[^\x20-\x7e]/g, '?');
}
