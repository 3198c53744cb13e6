import type { Clock } from '../clock.ts';
import type { CredentialsSource } from '../keys/credentials.ts';
import { tryNewerSecret } from '../keys/newer-secret.ts';
import { isRefusal, type Refusal } from '../refusal.ts';
import { pickCookies } from './cookies.ts';
import { type Proof, parseSessionToken, type SessionMode } from './session.ts';
import { openTicket, type Ticket } from './ticket.ts';

/** What a handshake brought, as text, becomes something that PHP can be asked with, or a refusal that costs PHP nothing. */
export type ReadProof = (tokens: readonly string[]) => Promise<Proof | Ticket | Refusal>;

interface ProofSettings {
  readonly mode: SessionMode;
  /** Names to pass on in mode `cookie`. */
  readonly cookies: readonly string[];
}

export function createProofReader(
  { mode, cookies }: ProofSettings,
  credentials: CredentialsSource,
  clock: Clock,
): ReadProof {
  return async (tokens) => {
    switch (mode) {
      case 'session-id':
      case 'status':
        return parseSessionToken(tokens);
      case 'cookie': {
        const cookieHeader = pickCookies(tokens, cookies);
        return typeof cookieHeader === 'string' ? { cookieHeader } : cookieHeader;
      }
      case 'ticket':
        return readTicket(tokens);
    }
  };

  async function readTicket(tokens: readonly string[]): Promise<Ticket | Refusal> {
    // None or several fit no ticket's form either.
    const text = tokens.join(' ');
    const now = Math.floor(clock.now() / 1000);
    return tryNewerSecret(
      credentials,
      (held) => openTicket(text, held, now),
      (ticket) => isRefusal(ticket) && ['foreign-ticket', 'unreadable-ticket'].includes(ticket.refused),
    );
  }
}

export function isTicket(proof: Proof | Ticket): proof is Ticket {
  return typeof proof === 'object' && 'jti' in proof;
}
