import { type Refusal, refuse } from '../refusal.ts';

export interface OriginPolicy {
  /**
   * Each as the browser sends it: `https://app.example.com`, with a port only if it is not the default of the scheme.
   * Any scheme is allowed, so that mobile and desktop apps can connect.
   */
  readonly allowedOrigins: readonly string[];
  /** Allows clients without an Origin. Browsers always send one. */
  readonly allowMissingOrigin: boolean;
}

/**
 * Compares scheme, host and port exactly: no suffixes, no wildcards, no case folding. Browsers send the serialized form
 * (https://www.rfc-editor.org/rfc/rfc6454#section-6.1), and looser rules let attackers bypass allow-lists. CORS does
 * not apply to a WebSocket handshake, so only this check keeps other sites' pages from using a session.
 */
export function checkOrigin(origin: string | undefined, policy: OriginPolicy): 'allowed' | Refusal {
  if (origin === undefined) return policy.allowMissingOrigin ? 'allowed' : refuse('missing-origin');
  return policy.allowedOrigins.includes(origin) ? 'allowed' : refuse('foreign-origin');
}

/** Scheme, host and port, in a form that a browser can send. `findOriginFault` says at synth how to correct others. */
const origin = /^[a-z][a-z0-9+.-]*:\/\/[^\s/*,]+$/;

export function isOrigin(text: string): boolean {
  return origin.test(text);
}

/**
 * Undefined when a browser or an app's web view could send `text` as Origin; otherwise a sentence that says how to
 * correct it.
 */
export function findOriginFault(text: string): string | undefined {
  // The comparison is exact, so a wildcard would match no Origin.
  if (text.includes('*')) return `"${text}" contains a wildcard. List each origin.`;
  if (text === 'null' || withoutOrigin.test(text)) {
    return `"${text}" cannot be allowed: local files and sandboxed frames of any site all send "null". Serve the page over https or with an app's own scheme, such as capacitor://localhost.`;
  }
  const origin = serialize(text);
  if (origin === undefined) return `"${text}" is not an origin such as https://app.example.com.`;
  if (origin !== text) return `"${text}" is not an origin as browsers send it; write "${origin}".`;
  return undefined;
}

/**
 * Browsers send their opaque origin as `null`:
 * https://html.spec.whatwg.org/multipage/browsers.html#ascii-serialisation-of-an-origin
 */
const withoutOrigin = /^(file|data|blob|about|javascript):/i;
/** `capacitor://localhost`, `app://-`: web views send hosts in lower case. */
const ofAnApp = /^[a-z][a-z0-9+.-]*:\/\/[a-z0-9._-]+(:[1-9]\d{0,4})?$/;

function serialize(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || /^(wss?|ftp):$/.test(url.protocol)) return undefined;
  if (/^https?:$/.test(url.protocol)) return url.origin;
  // For the scheme of an app, url.origin is "null", but the web view sends scheme and host.
  const origin = `${url.protocol}//${url.host.toLowerCase()}`;
  return ofAnApp.test(origin) ? origin : undefined;
}
