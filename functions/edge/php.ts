import type { Clock } from '../core/clock.ts';
import { decodeUserAgent } from '../core/handshake/question.ts';
import { SessionCheckFailed, type SessionLookup } from '../core/handshake/session.ts';
import { answerHeader, judgeAnswer } from '../core/handshake/session-answer.ts';
import type { CredentialsSource } from '../core/keys/credentials.ts';
import { isSignedNo, signRequest } from '../core/keys/gateway-signature.ts';
import type { SessionEndpointSettings } from './environment.ts';
import { exchange, HttpFailure, type HttpRequest } from './http.ts';
import type { Log } from './telemetry.ts';

const maxBodyBytes = 64 * 1024;

/**
 * Asks the PHP app over HTTP whose session the handshake's cookies belong to.
 * @param log gets a warning, once, if the PHP file may be outdated
 */
export function createSessionLookup(
  { endpoint, mode, timeoutMs }: SessionEndpointSettings,
  credentials: CredentialsSource,
  clock: Clock,
  log: Log,
): SessionLookup {
  const pathAndQuery = endpoint.pathname + endpoint.search;
  const wantsBody = (status: number) => status === 200 && mode !== 'status';
  let hasWarned = false;

  return {
    async find({ cookieHeader, sessionId, userAgent, address, agent }) {
      const held = await credentials();
      const time = Math.floor(clock.now() / 1000);
      const signature = signRequest(held, { method: 'GET', pathAndQuery, time, cookieHeader, address, agent });
      const answer = await ask({
        accept: 'application/json',
        cookie: cookieHeader,
        'user-agent': decodeUserAgent(agent) ?? userAgent ?? 'session-socket',
        // Without it CodeIgniter would rotate the session id on our own request.
        'x-requested-with': 'XMLHttpRequest',
        'x-session-socket': signature,
        'x-session-socket-address': address,
        'x-session-socket-agent': agent,
        authorization: held.authorization,
      });
      if (mode === 'ticket' && answer.status === 403 && answer.headers[answerHeader] === undefined) warnOnce();
      const isSignedNoToUs = (header: string) => isSignedNo(held, signature, header);
      return judgeAnswer({ mode, endpoint, sessionId, isSignedNo: isSignedNoToUs }, answer);
    },
  };

  function warnOnce(): void {
    if (hasWarned) return;
    hasWarned = true;
    const reason = 'it answered 403 without X-Session-Socket-Answer';
    log('warn', 'PHP file may be outdated', { reason }, {});
  }

  async function ask(headers: HttpRequest['headers']) {
    try {
      return await exchange({ url: endpoint, method: 'GET', headers, timeoutMs, maxBodyBytes, wantsBody });
    } catch (error) {
      if (error instanceof HttpFailure) throw new SessionCheckFailed('unavailable', error.reason);
      throw error;
    }
  }
}
