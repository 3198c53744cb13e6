import type { Clock } from '../clock.ts';
import { seal, unseal } from '../keys/aes-gcm.ts';
import { type Credentials, type CredentialsSource, tryNewerSecret } from '../keys/credentials.ts';
import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import type { ResolvedHandshakeOptions } from './handshake-options.ts';
import { openTicket, type Ticket } from './ticket.ts';

/**
 * The question to PHP: whose session is this? Each handshake makes one. Where PHP is asked again later, the question is
 * stored sealed. It names the browser, because some applications bind a session to it.
 */
export interface Question {
  /** The Cookie header, byte for byte. */
  readonly cookieHeader: string;
  /** The session id that PHP must answer. Undefined in mode `cookie`, where PHP says whose cookies they are. */
  readonly sessionId?: string | undefined;
  /** The User-Agent header of the handshake. */
  readonly userAgent?: string | undefined;
  /** The IP address that PHP saw when it sealed the ticket. */
  readonly address?: string | undefined;
  /** The user agent that PHP saw at that time. It is in base64url, because the bytes may not be UTF-8. */
  readonly agent?: string | undefined;
}

/** A handshake as it was read. */
export interface Handshake {
  readonly question: Question;
  /** Mode `ticket`: the ticket that the question comes from. */
  readonly ticket?: Ticket | undefined;
}

/**
 * Makes the question of a handshake, or refuses the handshake without asking PHP.
 * @param tokens all tokens of the handshake
 * @param userAgent the header as the client sent it
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
    // Joined, no token and several tokens are malformed too.
    const text = tokens.join(' ');
    const now = Math.floor(clock.now() / 1000);
    const ticket = await tryNewerSecret(
      credentials,
      (held) => openTicket(text, held, now),
      (opened) => isRefusal(opened) && ['foreign-ticket', 'unreadable-ticket'].includes(opened.refused),
    );
    if (isRefusal(ticket)) return ticket;
    const { cookieHeader, sessionId, address, agent } = ticket;
    // The user agent that PHP saw takes precedence over the header of the handshake.
    const userAgent = agent === undefined ? header : undefined;
    return { question: { cookieHeader, sessionId, userAgent, address, agent }, ticket };
  }
}

/**
 * The alphabet of PHP (https://www.php.net/manual/en/session.configuration.php#ini.session.sid-bits-per-character). The
 * shortest id that PHP makes has 22 characters. Above 250, the name of the session file would be too long.
 */
const rawSessionId = /^[A-Za-z0-9,-]{22,250}$/;

/**
 * Checks the form of a stranger's session id before PHP is asked. PHP's default handler makes a session file even for
 * an invented id. `;` or CR LF would smuggle cookies or headers into the request to PHP.
 */
export function readSessionId(values: readonly unknown[], cookieName: string): Question | Refusal {
  const [token] = values;
  const isOneText = values.length === 1 && typeof token === 'string';
  if (!isOneText || !rawSessionId.test(token)) return refuse('malformed-token');
  return { cookieHeader: sessionCookie(cookieName, token), sessionId: token };
}

/** A cookie value may not contain `,`, which PHP's alphabet has. PHP decodes it. */
export function sessionCookie(name: string, sessionId: string): string {
  return `${name}=${encodeURIComponent(sessionId)}`;
}

/**
 * Characters of all forwarded cookies. One cookie in a browser has at most 4096 with its name
 * (https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html#name-limits), and web servers accept 8 KB of
 * headers.
 */
const maxCookieLength = 4096;
const plainText = /^[\x20-\x7e]*$/;

/**
 * Picks the cookies to forward to PHP, unchanged and in the browser's order. Other cookies are not forwarded: they may
 * log in by themselves, or belong to another application on the domain.
 * @param headers all Cookie headers; browsers send one
 * @param names of the cookies to forward; a `*` at the end matches any characters
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

/** A user agent that fits into a header unchanged. Longer or other ones are not forwarded. */
const plainUserAgent = /^[\x20-\x7e]{1,1024}$/;

/**
 * The user agent to forward to PHP, because some applications bind a session to it. Undefined when it cannot be
 * forwarded.
 */
function sanitizeUserAgent(userAgent = ''): string | undefined {
  return plainUserAgent.test(userAgent) ? userAgent : undefined;
}

/** @param agent the bytes that PHP saw, in base64url */
export function decodeUserAgent(agent = ''): string | undefined {
  return sanitizeUserAgent(Buffer.from(agent, 'base64url').toString('latin1'));
}

const version = 'r1';
const sealedForm = /^r1\.([A-Za-z0-9_-]+)$/;

/**
 * `r1.<base64url(iv12 ‖ ciphertext ‖ tag16)>`: the form of a question in the connection table between two checks of a
 * session. It opens only for its own session and app, so an attacker who can write rows cannot use it for another
 * session.
 * @param iv 12 random bytes, never the same twice
 */
export function sealAtRest(question: Question, sessionHash: string, credentials: Credentials, iv: Uint8Array): string {
  const { cookieHeader: c, sessionId: s, userAgent: u, address: a, agent: g } = question;
  const { 'at-rest': key } = credentials.derived;
  const sealed = seal(JSON.stringify({ c, s, u, a, g }), key, bindTo(sessionHash, credentials), iv);
  return `${version}.${sealed.toString('base64url')}`;
}

/** Undefined when it was sealed with a secret that is no longer held, for another session, or was changed. */
export function openAtRest(text: string, sessionHash: string, credentials: Credentials): Question | undefined {
  const sealed = Buffer.from(sealedForm.exec(text)?.[1] ?? '', 'base64url');
  for (const key of credentials.atRestKeys) {
    const plaintext = unseal(sealed, key, bindTo(sessionHash, credentials));
    if (plaintext !== undefined) return parseQuestion(plaintext);
  }
  return undefined;
}

/** Only `sealAtRest` can have written this. */
function parseQuestion(plaintext: string): Question {
  const { c, s, u, a, g } = JSON.parse(plaintext) as { c: string; s?: string; u?: string; a?: string; g?: string };
  return { cookieHeader: c, sessionId: s, userAgent: u, address: a, agent: g };
}

function bindTo(sessionHash: string, { appId }: Credentials): string {
  return `${version}|${appId}|${sessionHash}`;
}
