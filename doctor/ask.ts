import http, { type ClientRequest, type IncomingHttpHeaders } from 'node:http';
import https from 'node:https';
import { performance } from 'node:perf_hooks';

export interface Question {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Cut off where it is too long. */
  readonly body: string;
  readonly bytes: number;
  /** Longer than the gateway reads. */
  readonly isTooLong: boolean;
  /** From the question to the last byte. */
  readonly ms: number;
  /** This machine's clock when the answer began, epoch milliseconds. */
  readonly receivedAt: number;
  /** Whether it came over the connection of an earlier question. */
  readonly isKept: boolean;
}

/** No answer, or not a whole one. */
export interface NoReply {
  /** A code such as `ECONNREFUSED`; its message would quote what was sent or received. */
  readonly failure: string;
  readonly ms: number;
}

export type Answered = Reply | NoReply;

export type Ask = (question: Question) => Promise<Answered>;

export interface Asker {
  readonly ask: Ask;
  /** Hangs up on whoever still talks. */
  close(): void;
}

/** As much as the gateway reads of an answer. */
export const maxBodyBytes = 64 * 1024;
export const tooLate = 'TIMEOUT';

export const isReply = (answered: Answered): answered is Reply => !('failure' in answered);

/**
 * Asks as the gateway does: GET over kept connections, without following anywhere.
 * @param timeoutMs for one question, its answer's last byte included
 */
export function createAsker(timeoutMs: number): Asker {
  const plain = { request: http.request, agent: new http.Agent({ keepAlive: true }) };
  const encrypted = { request: https.request, agent: new https.Agent({ keepAlive: true }) };
  const open = new Set<ClientRequest>();

  const ask: Ask = ({ url, headers }) =>
    new Promise((resolve) => {
      const { request, agent } = url.protocol === 'https:' ? encrypted : plain;
      const began = performance.now();
      const elapsed = () => Math.round(performance.now() - began);
      const asking = request(url, { headers, agent });
      open.add(asking);
      const deadline = setTimeout(() => fail(tooLate), timeoutMs);

      asking.on('response', (response) => {
        const receivedAt = Date.now();
        const chunks: Buffer[] = [];
        let bytes = 0;
        const finish = (isTooLong: boolean) =>
          end({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString('utf8'),
            ...{ bytes, isTooLong, receivedAt },
            ms: elapsed(),
            isKept: asking.reusedSocket,
          });
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes <= maxBodyBytes) chunks.push(chunk);
          else {
            finish(true);
            asking.destroy();
          }
        });
        response.on('error', (error) => fail(codeOf(error)));
        response.on('end', () => finish(false));
      });
      asking.on('error', (error) => fail(codeOf(error)));
      // An answer that turns into something else, such as 101, never comes.
      asking.on('close', () => fail('ECONNRESET'));
      asking.end();

      function fail(failure: string): void {
        end({ failure, ms: elapsed() });
        asking.destroy();
      }

      /** Only the first end counts, as for every promise. */
      function end(answered: Answered): void {
        clearTimeout(deadline);
        open.delete(asking);
        resolve(answered);
      }
    });

  return {
    ask,
    close() {
      for (const asking of open) asking.destroy();
      for (const { agent } of [plain, encrypted]) agent.destroy();
    },
  };
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
