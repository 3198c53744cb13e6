import http, { type ClientRequest } from 'node:http';
import https from 'node:https';
import { performance } from 'node:perf_hooks';
import { decodeUserAgent, pickCookies, sessionCookie } from '../functions/core/handshake/question.ts';
import { answerHeader } from '../functions/core/handshake/session-answer.ts';
import { openTicket } from '../functions/core/handshake/ticket.ts';
import { deriveCredentials } from '../functions/core/keys/credentials.ts';
import { isSignedNo, signRequest } from '../functions/core/keys/gateway-signature.ts';
import { isRefusal } from '../functions/core/refusal.ts';
import { type Answered, isReply, type Reply, readReply } from './reply.ts';
import { decodeValue, findCookie, type Target } from './target.ts';

export interface Question {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

export type Ask = (question: Question) => Promise<Answered>;

export interface Asker {
  readonly ask: Ask;
  /** Closes all open connections. */
  close(): void;
}

/** The gateway reads at most this much of an answer. */
export const maxBodyBytes = 64 * 1024;
export const timedOut = 'TIMEOUT';

/**
 * Sends requests as the gateway does: GET with keep-alive, without following redirects.
 * @param timeoutMs for one request, up to the last byte of its answer
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
      const deadline = setTimeout(() => fail(timedOut), timeoutMs);

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
      // After a protocol switch, such as 101, no `response` event comes.
      asking.on('close', () => fail('ECONNRESET'));
      asking.end();

      function fail(failure: string): void {
        end({ failure, ms: elapsed() });
        asking.destroy();
      }

      /** Later calls have no effect. */
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

/** The gateway's request to PHP for the session of --cookie. */
export interface GatewayRequest {
  readonly cookieHeader: string;
  readonly address?: string | undefined;
  readonly agent?: string | undefined;
  /** False if the ticket could not be opened, so PHP may have sealed more cookies. */
  readonly isCertain: boolean;
}

export const cookieNames = (cookieHeader: string): readonly string[] =>
  cookieHeader.split(';').map((pair) => pair.split('=')[0]?.trim() ?? '');

/** @param page the answer to the app's own page, with all cookies */
export function predictRequest(target: Target, page: Answered | undefined): GatewayRequest | undefined {
  const { mode, cookie, cookieName, cookies } = target;
  if (cookie === undefined) return undefined;
  if (mode === 'cookie') {
    const picked = pickCookies([cookie], cookies ?? [cookieName]);
    return { cookieHeader: isRefusal(picked) ? '' : picked.cookieHeader, isCertain: true };
  }
  const value = findCookie(cookie, cookieName) ?? '';
  if (mode === 'session-id' || mode === 'status') {
    return { cookieHeader: sessionCookie(cookieName, decodeValue(value)), isCertain: true };
  }
  return openSealed(target, page) ?? { cookieHeader: `${cookieName}=${value}`, isCertain: false };
}

function openSealed({ keys }: Target, page: Answered | undefined): GatewayRequest | undefined {
  if (keys?.appId === undefined || page === undefined || !isReply(page)) return undefined;
  const meaning = readReply(page);
  if (meaning.kind !== 'somebody' || !meaning.isTicket) return undefined;
  const credentials = deriveCredentials({ appId: keys.appId, key: keys.key, secret: keys.secret });
  const ticket = openTicket(meaning.token, credentials, Math.floor(page.receivedAt / 1000));
  if (isRefusal(ticket)) return undefined;
  const { cookieHeader, address, agent } = ticket;
  return { cookieHeader, address, agent, isCertain: true };
}

export interface Keys {
  readonly key: string;
  readonly secret: string;
}

interface Signed extends Readonly<Record<string, string>> {
  readonly 'x-session-socket': string;
}

/** The headers by which PHP recognizes the gateway. */
export function signedHeaders(keys: Keys, url: URL, time: number, sent: Partial<GatewayRequest>): Signed {
  const { cookieHeader = '', address, agent } = sent;
  const pathAndQuery = url.pathname + url.search;
  const signed = { method: 'GET', pathAndQuery, time, cookieHeader, address, agent } as const;
  const userAgent = decodeUserAgent(agent);
  return {
    ...(cookieHeader !== '' && { cookie: cookieHeader }),
    ...(userAgent !== undefined && { 'user-agent': userAgent }),
    ...(address !== undefined && { 'x-session-socket-address': address }),
    ...(agent !== undefined && { 'x-session-socket-agent': agent }),
    'x-session-socket': signRequest(deriveCredentials({ appId: '', ...keys }), signed),
  };
}

/** Whether PHP itself signed this no, in answer to this `X-Session-Socket`. */
export function isSignedRejection(keys: Keys, signature: string, reply: Reply): boolean {
  const answer = reply.headers[answerHeader];
  return typeof answer === 'string' && isSignedNo(deriveCredentials({ appId: '', ...keys }), signature, answer);
}
