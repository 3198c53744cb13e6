import type { Clock } from '../core/clock.ts';
import { type CredentialsSource, signRequest } from '../core/credentials.ts';
import type { Proof, SessionMode } from '../core/session.ts';
import { judgeAnswer } from '../core/session-answer.ts';
import { SessionCheckFailed, type SessionLookup } from '../core/session-lookup.ts';
import { exchange, HttpFailure } from './http.ts';

export interface PhpSettings {
  /** Absolute and final: redirects are not followed. */
  readonly endpoint: URL;
  readonly mode: SessionMode;
  readonly cookieName: string;
  readonly timeoutMs: number;
}

const maxBodyBytes = 64 * 1024;
/** What may go into a header without changing it; a longer or stranger User-Agent is not passed on. */
const plainText = /^[\x20-\x7e]{1,512}$/;

/** Asks the PHP app over HTTP, with the cookies that a browser has proof of, whose session that is. */
export function createSessionLookup(
  settings: PhpSettings,
  credentials: CredentialsSource,
  clock: Clock,
): SessionLookup {
  const { endpoint, mode, cookieName, timeoutMs } = settings;
  const pathAndQuery = endpoint.pathname + endpoint.search;
  const wantsBody = (status: number) => status === 200 && mode !== 'status';

  return {
    async whose(proof, { userAgent }) {
      const { cookieHeader, sessionId } = readProof(proof);
      const time = Math.floor(clock.now() / 1000);
      const headers = {
        accept: 'application/json',
        cookie: cookieHeader,
        'user-agent': plainText.test(userAgent ?? '') ? String(userAgent) : 'session-socket',
        // Without it CodeIgniter would rotate the id on our own request.
        'x-requested-with': 'XMLHttpRequest',
        'x-session-socket': signRequest(await credentials(), { method: 'GET', pathAndQuery, time, cookieHeader }),
      };
      const answer = await ask(headers);
      return judgeAnswer(mode, sessionId, answer);
    },
  };

  function readProof(proof: Proof) {
    if (typeof proof !== 'string') return proof;
    // `,` is the one character of PHP's alphabet that a cookie value may not hold; PHP decodes it.
    return { cookieHeader: `${cookieName}=${encodeURIComponent(proof)}`, sessionId: proof };
  }

  async function ask(headers: Record<string, string>) {
    try {
      return await exchange({ url: endpoint, method: 'GET', headers, timeoutMs, maxBodyBytes, wantsBody });
    } catch (error) {
      if (error instanceof HttpFailure) throw new SessionCheckFailed('unavailable', error.reason);
      throw error;
    }
  }
}
