import type { Clock } from '../clock.ts';
import { seal, unseal } from '../keys/aes-gcm.ts';
import { type Credentials, type CredentialsSource, tryNewerSecret } from '../keys/credentials.ts';
import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import type { ResolvedHandshakeOptions } from './handshake-options.ts';
import { openTicket, type Ticket } from './ticket.ts';

/**
 * What PHP is asked: whose session is this? A handshake makes it once; it is kept, sealed, where PHP is asked the same again.
 * It names the browser that the session belongs to, because some applications bind a session to it.
 */
export interface Question {
  /** Byte for byte. */
  readonly cookieHeader: string;
  /** The session id that PHP must answer. Undefined where the cookies are the only proof, and PHP says whose they are. */
  readonly sessionId?: string | undefined;
  /** The handshake's header. */
  readonly userAgent?: string | undefined;
  /** The IP address that PHP saw when it sealed the ticket. */
  readonly address?: string | undefined;
  /** The user agent that PHP saw then: its bytes in base64url, because they may be no UTF-8. */
  readonly agent?: string | undefined;
}

/** What a handshake brought. */
export interface Handshake {
  readonly question: Question;
  /** Mode `ticket`: the ticket that the question is from. */
  readonly ticket?: Ticket | undefined;
}

/**
 * Makes the question of a handshake from its text, or a refusal that costs PHP nothing.
 * @param tokens all that were sent
 * @param userAgent the header, as it was sent
 */
export type ReadHandshake = (tokens: readonly string[], userAgent: string | undefined) => Promise<Handshake | Refusal>;

export function createHandshakeReader(
  { mode, cookieName, cookies }: Pick<ResolvedHandshakeOptions, 'mode' | 'cookieName' | 'cookies'>,
  credentials: CredentialsSource,
  clock: Clock,
): ReadHandshake {
  return async (tokens, header) => {
    const userAgent = sanitizeUserAgent(header);
    if (mode === 'ticket') return readTicket(tokens, userAgent);
    const question = mode === 'cookie' ? pickCookies(tokens, cookies) : readSessionId(tokens, cookieName);
    return isRefusal(question) ? question : { question: { ...question, userAgent } };
  };

  async function readTicket(tokens: readonly string[], header: string | undefined): Promise<Handshake | Refusal> {
    // None or several fit no ticket's form either.
    const text = tokens.join(' ');
    const now = Math.floor(clock.now() / 1000);
    const ticket = await tryNewerSecret(
      credentials,
      (held) => openTicket(text, held, now),
      (opened) => isRefusal(opened) && ['foreign-ticket', 'unreadable-ticket'].includes(opened.refused),
    );
    if (isRefusal(ticket)) return ticket;
    const { cookieHeader, sessionId, address, agent } = ticket;
    // What PHP saw of the browser counts before the handshake's header.
    const userAgent = agent === undefined ? header : undefined;
    return { question: { cookieHeader, sessionId, userAgent, address, agent }, ticket };
  }
}

/**
 * PHP's own alphabet (https://www.php.net/manual/en/session.configuration.php#ini.session.sid-bits-per-character). 22 is
 * the shortest id that PHP makes; above 250 the file name of its session would be too long, so it cannot be one of its own.
 */
const rawSessionId = /^[A-Za-z0-9,-]{22,250}$/;

/**
 * Checks the shape of what a stranger sent, before anything is asked of PHP: PHP's default handler makes a session file
 * even for an invented id, and `;` or CR LF would smuggle cookies or headers into our own request.
 */
export function readSessionId(values: readonly unknown[], cookieName: string): Question | Refusal {
  const [token] = values;
  const isOneText = values.length === 1 && typeof token === 'string';
  if (!isOneText || !rawSessionId.test(token)) return refuse('malformed-token');
  return { cookieHeader: sessionCookie(cookieName, token), sessionId: token };
}

/** `,` is the one character of PHP's alphabet that a cookie value may not hold; PHP decodes it. */
export function sessionCookie(name: string, sessionId: string): string {
  return `${name}=${encodeURIComponent(sessionId)}`;
}

/**
 * Characters of all that is passed on. A browser's cookie holds 4096 with its name
 * (https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html#name-limits), and web servers take 8 KB of headers.
 */
const maxCookieLength = 4096;
const plainText = /^[\x20-\x7e]*$/;

/**
 * The cookies of a handshake that PHP is to see, untouched and in the browser's order; any other stays here, because it may
 * log in by itself or belong to somebody else on the domain.
 * @param headers every Cookie header; browsers send one
 * @param names those to pass on; a `*` at the end stands for anything
 */
export function pickCookies(headers: readonly string[], names: readonly string[]): Question | Refusal {
  const [header, ...others] = headers;
  if (header === undefined || others.length > 0) return refuse('malformed-cookies');
  const picked = header
    .split(';')
    .map((pair) => pair.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((pair) => pair.includes('=') && names.some((name) => isNamed(pair.slice(0, pair.indexOf('=')), name)))
    .join('; ');
  if (picked === '') return refuse('no-session-cookie');
  if (picked.length > maxCookieLength || !plainText.test(picked)) return refuse('malformed-cookies');
  return { cookieHeader: picked };
}

function isNamed(cookie: string, name: string): boolean {
  return name.endsWith('*') ? cookie.startsWith(name.slice(0, -1)) : cookie === name;
}

/** What may go into a header without changing it; a longer or stranger one is not passed on. */
const plainUserAgent = /^[\x20-\x7e]{1,1024}$/;

/** What a browser calls itself, as far as PHP is told: some applications bind a session to it. */
export function sanitizeUserAgent(userAgent = ''): string | undefined {
  return plainUserAgent.test(userAgent) ? userAgent : undefined;
}

/** @param agent bytes in base64url, as PHP saw them */
export function decodeUserAgent(agent = ''): string | undefined {
  return sanitizeUserAgent(Buffer.from(agent, 'base64url').toString('latin1'));
}

const version = 'r1';
const sealedForm = /^r1\.([A-Za-z0-9_-]+)$/;

/**
 * `r1.<base64url(iv12 ‖ ciphertext ‖ tag16)>`: what lies in the connection table between two checks of a session. It opens for
 * the very session and app that it was sealed for, so who can write rows cannot have one session asked about in the name of
 * another.
 * @param iv 12 random bytes, never the same twice
 */
export function sealAtRest(question: Question, sessionHash: string, credentials: Credentials, iv: Uint8Array): string {
  const { cookieHeader: c, sessionId: s, userAgent: u, address: a, agent: g } = question;
  const { 'at-rest': key } = credentials.derived;
  const sealed = seal(JSON.stringify({ c, s, u, a, g }), key, bindTo(sessionHash, credentials), iv);
  return `${version}.${sealed.toString('base64url')}`;
}

/** Undefined when it was sealed with a secret that is not held any more, for another session, or was changed. */
export function openAtRest(text: string, sessionHash: string, credentials: Credentials): Question | undefined {
  const sealed = Buffer.from(sealedForm.exec(text)?.[1] ?? '', 'base64url');
  for (const key of credentials.atRestKeys) {
    const plaintext = unseal(sealed, key, bindTo(sessionHash, credentials));
    if (plaintext !== undefined) return parseQuestion(plaintext);
  }
  return undefined;
}

/** Nobody but `sealAtRest` can have written this. */
function parseQuestion(plaintext: string): Question {
  const { c, s, u, a, g } = JSON.parse(plaintext) as { c: string; s?: string; u?: string; a?: string; g?: string };
  return { cookieHeader: c, sessionId: s, userAgent: u, address: a, agent: g };
}

function bindTo(sessionHash: string, { appId }: Credentials): string {
  return `${version}|${appId}|${sessionHash}`;
}
