import { type Refusal, refuse } from './refusal.ts';

export interface OriginPolicy {
  /** Each as the browser sends it: `https://app.example.com`, a port only where it is not the scheme's own. */
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

/** Undefined when `text` is what a browser would send as Origin; else a sentence that says what to write instead. */
export function findOriginFault(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    return `"${text}" is not an origin such as https://app.example.com.`;
  }
  // A wildcard is a valid URL, but the comparison is exact: it would let nobody in, and nobody would know why.
  if (text.includes('*')) return `"${text}" holds a wildcard; name each origin by itself.`;
  if (url.origin !== text) return `"${text}" is not an origin as browsers send it; write "${url.origin}".`;
  return undefined;
}
