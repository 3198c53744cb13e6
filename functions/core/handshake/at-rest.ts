import { seal, unseal } from '../keys/aes-gcm.ts';
import type { Credentials } from '../keys/credentials.ts';
import type { Browser } from './session-lookup.ts';

/** With what PHP was asked in a handshake, so that it can be asked the same again. */
export interface Question extends Browser {
  /** Byte for byte. */
  readonly cookieHeader: string;
  readonly sessionId: string;
}

const version = 'r1';
const form = new RegExp(`^${version}\\.([A-Za-z0-9_-]+)$`);

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
  const sealed = Buffer.from(form.exec(text)?.[1] ?? '', 'base64url');
  for (const key of credentials.atRestKeys) {
    const plaintext = unseal(sealed, key, bindTo(sessionHash, credentials));
    if (plaintext !== undefined) return readQuestion(plaintext);
  }
  return undefined;
}

/** Nobody but `sealAtRest` can have written this. */
function readQuestion(plaintext: string): Question {
  const { c, s, u, a, g } = JSON.parse(plaintext) as { c: string; s: string; u?: string; a?: string; g?: string };
  return { cookieHeader: c, sessionId: s, userAgent: u, address: a, agent: g };
}

function bindTo(sessionHash: string, { appId }: Credentials): string {
  return `${version}|${appId}|${sessionHash}`;
}
