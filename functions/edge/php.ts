import type { Clock } from '../core/clock.ts';
import { type CredentialsSource, signRequest } from '../core/credentials.ts';
import { askingWith, type SessionMode } from '../core/session.ts';
import { judgeAnswer } from '../core/session-answer.ts';
import { SessionCheckFailed, type SessionLookup } from '../core/session-lookup.ts';
import { passableUserAgent } from '../core/user-agent.ts';
import { exchange, HttpFailure } from './http.ts';

export interface PhpSettings {
  /** Absolute and final: redirects are not followed. */
  readonly endpoint: URL;
  readonly mode: SessionMode;
  readonly cookieName: string;
  readonly timeoutMs: number;
}

const maxBodyBytes = 64 * 1024;

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
      const { cookieHeader, sessionId } = askingWith(proof, cookieName);
      const time = Math.floor(clock.now() / 1000);
      const headers = {
        accept: 'application/json',
        cookie: cookieHeader,
        'user-agent': passableUserAgent(userAgent) ?? 'session-socket',
        // Without it CodeIgniter would rotate the id on our own request.
        'x-requested-with': 'XMLHttpRequest',
        'x-session-socket': signRequest(await credentials(), { method: 'GET', pathAndQuery, time, cookieHeader }),
      };
      const answer = await ask(headers);
      return judgeAnswer(mode, sessionId, answer);
    },
  };

  async function ask(headers: Record<string, string>) {
    try {
      return await exchange({ url: endpoint, method: 'GET', headers, timeoutMs, maxBodyBytes, wantsBody });
    } catch (error) {
      if (error instanceof HttpFailure) throw new SessionCheckFailed('unavailable', error.reason);
      throw error;
    }
  }
}
