import { pickCookies } from '../../functions/core/handshake/cookies.ts';
import { askingWith } from '../../functions/core/handshake/session.ts';
import { answerHeader } from '../../functions/core/handshake/session-answer.ts';
import { openTicket } from '../../functions/core/handshake/ticket.ts';
import { decodeUserAgent } from '../../functions/core/handshake/user-agent.ts';
import { deriveCredentials, isSignedNo, signRequest } from '../../functions/core/keys/credentials.ts';
import { isRefusal } from '../../functions/core/refusal.ts';
import { type Answered, isReply, type Reply } from './ask.ts';
import { decodeValue, findCookie, type Patient } from './patient.ts';
import { read } from './said.ts';

/** What the gateway would ask PHP with, for the session of --cookie. */
export interface Sent {
  readonly cookieHeader: string;
  readonly address?: string | undefined;
  readonly agent?: string | undefined;
  /** False where PHP may have sealed more cookies, and the ticket was not opened. */
  readonly isCertain: boolean;
}

export const namesIn = (cookieHeader: string): readonly string[] =>
  cookieHeader.split(';').map((pair) => pair.split('=')[0]?.trim() ?? '');

/** @param page what the app's own page was answered, with all cookies */
export function cookiesOfGateway(patient: Patient, page: Answered | undefined): Sent | undefined {
  const { mode, cookie, cookieName, cookies } = patient;
  if (cookie === undefined) return undefined;
  if (mode === 'cookie') {
    const picked = pickCookies([cookie], cookies ?? [cookieName]);
    return { cookieHeader: typeof picked === 'string' ? picked : '', isCertain: true };
  }
  const value = findCookie(cookie, cookieName) ?? '';
  if (mode === 'session-id' || mode === 'status') {
    return { cookieHeader: askingWith(decodeValue(value), cookieName).cookieHeader, isCertain: true };
  }
  return openSealed(patient, page) ?? { cookieHeader: `${cookieName}=${value}`, isCertain: false };
}

function openSealed({ keys }: Patient, page: Answered | undefined): Sent | undefined {
  if (keys?.appId === undefined || page === undefined || !isReply(page)) return undefined;
  const said = read(page);
  if (said.kind !== 'somebody' || !said.isTicket) return undefined;
  const credentials = deriveCredentials({ appId: keys.appId, key: keys.key, secret: keys.secret });
  const ticket = openTicket(said.token, credentials, Math.floor(page.receivedAt / 1000));
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

/** The headers by which PHP knows the gateway. */
export function signAs(keys: Keys, url: URL, time: number, sent: Partial<Sent>): Signed {
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

/** Whether this no is PHP's own, to a question with this `X-Session-Socket`. */
export function isOwnNo(keys: Keys, signature: string, reply: Reply): boolean {
  const answer = reply.headers[answerHeader];
  return typeof answer === 'string' && isSignedNo(deriveCredentials({ appId: '', ...keys }), signature, answer);
}
