import { connect, type Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';

export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const longestTogether = 65_536;
const readBytes = 65_536;
const pieceBytes = 524_288;
const root = '/2018-06-01/runtime';

/**
 * The Runtime API from the function's side: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 * Implemented on one socket, because Node's HTTP client would take longer than the rest of a warm invocation. Without a
 * pending request the socket does not keep the process alive, so that an empty event loop can be detected.
 */
export class RuntimeClient {
  readonly #host: string;
  readonly #socket: Socket;
  readonly #onRefused: (answer: Answer) => void;
  readonly #waiting: ((answer: Answer) => void)[] = [];
  /**
   * The received part of the next answer. It never shrinks. A function with 128 MB has no room for copies of a 6 MB event;
   * AWS's client also holds it once, in a C++ string (src/native/rapid-client.cc).
   */
  #buffer = Buffer.allocUnsafeSlow(readBytes);
  #length = 0;

  /**
   * @param onGone the local cloud has closed the connection
   * @param onRefused a response is too large
   */
  constructor(address: string, onGone: () => void, onRefused: (answer: Answer) => void) {
    this.#host = address;
    this.#onRefused = onRefused;
    const [host = '', port = ''] = address.split(':');
    const buffer = Buffer.allocUnsafeSlow(readBytes);
    const onread = { buffer, callback: (length: number) => this.#read(buffer.subarray(0, length)) };
    this.#socket = connect({ host, port: Number(port), noDelay: true, onread });
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', onGone);
  }

  next(): Promise<Answer> {
    return this.#send(`GET ${root}/invocation/next HTTP/1.1\r\nHost: ${this.#host}\r\n\r\n`);
  }

  post(path: string, body: string, errorType?: string): Promise<Answer> {
    const type = errorType === undefined ? '' : `Lambda-Runtime-Function-Error-Type: ${encodeHeader(errorType)}\r\n`;
    const head = `POST ${root}/${path} HTTP/1.1\r\nHost: ${this.#host}\r\nContent-Type: application/json\r\n${type}`;
    return this.#send(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`, body);
  }

  /** Sends an invocation's result and requests the next one, in one packet if the result is small. */
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

  #send(head: string, body = ''): Promise<Answer> {
    this.#socket.ref();
    this.#socket.write(head);
    // Written separately, because joining it with the head would copy up to 6 MB.
    if (body !== '') this.#socket.write(body);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** @returns true to continue reading */
  #read(chunk: Uint8Array): boolean {
    this.#reserve(this.#length + chunk.length);
    this.#buffer.set(chunk, this.#length);
    this.#length += chunk.length;
    for (;;) {
      const headEnd = this.#buffer.subarray(0, this.#length).indexOf('\r\n\r\n');
      if (headEnd < 0) return true;
      const [statusLine = '', ...lines] = this.#buffer.toString('latin1', 0, headEnd).split('\r\n');
      const headers = Object.fromEntries(lines.map(readHeader));
      const bodyEnd = headEnd + 4 + Number(headers['content-length'] ?? 0);
      this.#reserve(bodyEnd);
      if (this.#length < bodyEnd) return true;
      const body = textOf(this.#buffer.subarray(headEnd + 4, bodyEnd));
      this.#buffer.copyWithin(0, bodyEnd, this.#length);
      this.#length -= bodyEnd;
      const resolve = this.#waiting.shift();
      if (this.#waiting.length === 0) this.#socket.unref();
      resolve?.({ status: Number(statusLine.split(' ')[1]), headers, body });
    }
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(bytes);
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}

function readHeader(line: string): [name: string, value: string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

/** An error's name can contain anything, and a line break would end the header. */
function encodeHeader(value: string): string {
  return value.replace(/[^\x20-\x7e]/g, '?');
}

/**
 * Creates a string in V8's heap, as AWS's client does. Since Node 24, `toString` stores text above 1 MB outside the heap,
 * where V8 lets it pile up until the function runs out of memory.
 */
function textOf(bytes: Buffer): string {
  const decoder = new StringDecoder('utf8');
  let text = '';
  for (let start = 0; start < bytes.length; start += pieceBytes) {
    text += decoder.write(bytes.subarray(start, start + pieceBytes));
  }
  return text + decoder.end();
}
