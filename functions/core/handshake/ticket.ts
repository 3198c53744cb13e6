import { type Fields, fieldsIn, isAbsentOr, isFields } from '../json.ts';
import { sealOverhead, unseal } from '../keys/aes-gcm.ts';
import type { Credentials } from '../keys/credentials.ts';
import { type Refusal, refuse } from '../refusal.ts';
import { isEpochSeconds, isObject, readObject } from './identity.ts';

/** A ticket that PHP sealed for one handshake. */
export interface Ticket {
  /** The browser's own cookies, for the question to PHP. */
  readonly cookieHeader: string;
  readonly sessionId: string;
  /** The user as PHP described them when it sealed the ticket. Not validated yet. */
  readonly identity: Fields | undefined;
  /** The browser's IP address, as PHP saw it. */
  readonly address?: string | undefined;
  /** The browser's user agent, as PHP saw it: bytes in base64url. */
  readonly agent?: string | undefined;
  /** Epoch seconds. */
  readonly issuedAt: number;
  /** 32 hex digits, valid for one connection. */
  readonly jti: string;
}

/** Seconds that a ticket is valid. PHP seals it when the page asks, and the page connects at once. */
export const ticketLifetime = 30;

/**
 * Seconds by which the clocks of PHP and the gateway may differ, in both directions. That is more than NTP leaves, and
 * few compared with 30. Each further second would make a stolen ticket valid for longer.
 */
export const clockTolerance = 5;

/**
 * Seconds for which a used ticket is remembered. It is longer than a copy is valid and API Gateway waits for its
 * handshake, including the difference between clocks.
 */
export const ticketMemory = 300;

export const ticketLimits = {
  /**
   * Characters: enough for the largest values below. A URL has room for less, 4096 in all
   * (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html).
   */
  ticket: 8192,
  /** Bytes. */
  cookieHeader: 2048,
  /** Bytes of JSON. */
  identity: 3072,
  /** Characters. */
  sessionId: 512,
} as const;

const form = /^t1\.([A-Za-z0-9_-]{1,32})\.([A-Za-z0-9_-]+)$/;
const plainHeader = /^[\x20-\x7e]+$/;
const addressForm = /^[0-9A-Fa-f:.]{2,45}$/;
/** 1 KB in base64url: the most that PHP seals of a user agent. */
const agentForm = /^[A-Za-z0-9_-]{1,1366}$/;
const ticketId = /^[0-9a-f]{32}$/;

/**
 * Opens `t1.<kid>.<base64url(iv12 ‖ ciphertext ‖ tag16)>`: AES-256-GCM, additional data `t1.<kid>|<appId>`. Checks
 * without a key come first. Nothing in a ticket is trusted before its tag is verified.
 * @param now epoch seconds
 */
export function openTicket(text: string, credentials: Credentials, now: number): Ticket | Refusal {
  const parts = text.length <= ticketLimits.ticket ? form.exec(text) : null;
  if (parts === null) return refuse('malformed-ticket');
  const [, kid = '', body = ''] = parts;
  const sealed = Buffer.from(body, 'base64url');
  // The last character may have bits that decode to nothing. Without this check, one ticket would have several
  // spellings.
  if (sealed.toString('base64url') !== body) return refuse('malformed-ticket');
  if (sealed.length <= sealOverhead) return refuse('malformed-ticket');
  if (kid !== credentials.key) return refuse('foreign-ticket');

  const additionalData = `t1.${kid}|${credentials.appId}`;
  for (const key of credentials.ticketKeys) {
    const plaintext = unseal(sealed, key, additionalData);
    if (plaintext !== undefined) return parseTicket(plaintext, now);
  }
  return refuse('unreadable-ticket');
}

/** Only PHP can have written this, but its version may differ or its clock may be wrong. */
function parseTicket(plaintext: string, now: number): Ticket | Refusal {
  const { c, s, iat, exp, jti, ...more } = fieldsIn(plaintext) ?? {};
  const [i, address, agent] = [readObject(more['i']), more['a'] ?? undefined, more['u'] ?? undefined];
  if (typeof c !== 'string' || c.length > ticketLimits.cookieHeader || !plainHeader.test(c)) return bad;
  if (typeof s !== 'string' || s === '' || s.length > ticketLimits.sessionId) return bad;
  if (i !== undefined && !(isFields(i) && isObject(i, ticketLimits.identity))) return bad;
  if (!isAbsentOr(addressForm, address) || !isAbsentOr(agentForm, agent)) return bad;
  if (!isEpochSeconds(iat) || !isEpochSeconds(exp) || exp < iat) return bad;
  if (typeof jti !== 'string' || !ticketId.test(jti)) return bad;

  if (exp - iat > ticketLifetime + clockTolerance) return refuse('long-lived-ticket');
  if (iat - now > clockTolerance) return refuse('future-ticket');
  if (now - exp > clockTolerance) return refuse('expired-ticket');
  return { cookieHeader: c, sessionId: s, identity: i, address, agent, issuedAt: iat, jti };
}

const bad = refuse('incomplete-ticket');
