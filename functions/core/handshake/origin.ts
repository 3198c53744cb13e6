import { type Refusal, refuse } from '../refusal.ts';

export interface OriginPolicy {
  /** Each as the browser sends it: `https://app.example.com`, a port only where it is not the scheme's own. Any scheme, so that apps can connect. */
  readonly allowedOrigins: readonly string[];
  /** Lets clients in that send no Origin: anything but a browser. */
  readonly allowMissingOrigin: boolean;
}

/**
 * Scheme, host and port are compared exactly: no suffixes, no wildcards, no case folding, because browsers send the
 * serialized form (https://www.rfc-editor.org/rfc/rfc6454#section-6.1) and looser rules are how allow-lists are bypassed.
 * A WebSocket handshake is not subject to CORS, so this is the only thing between a session and another site's page.
 */
export function checkOrigin(origin: string | undefined, policy: OriginPolicy): 'allowed' | Refusal {
  if (origin === undefined) return policy.allowMissingOrigin ? 'allowed' : refuse('missing-origin');
  return policy.allowedOrigins.includes(origin) ? 'allowed' : refuse('foreign-origin');
}

/** Scheme, host and port, and nothing that a comparison would never match. What to write instead is said at synth: origin-fault.ts. */
const origin = /^[a-z][a-z0-9+.-]*:\/\/[^\s/*,]+$/;

export function isOrigin(text: string): boolean {
  return origin.test(text);
}
