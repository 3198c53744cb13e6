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

/** Scheme, host and port, and nothing that a comparison would never match. `findOriginFault` says at synth what to write instead. */
const origin = /^[a-z][a-z0-9+.-]*:\/\/[^\s/*,]+$/;

export function isOrigin(text: string): boolean {
  return origin.test(text);
}

/** Undefined when `text` is what a browser or an app's web view would send as Origin; else a sentence that says what to write instead. */
export function findOriginFault(text: string): string | undefined {
  // The comparison is exact: a wildcard would let nobody in, and nobody would know why.
  if (text.includes('*')) return `"${text}" holds a wildcard; name each origin by itself.`;
  if (text === 'null' || withoutOrigin.test(text)) {
    return `"${text}" cannot be allowed: local files and sandboxed frames of any site all send "null". Serve the page by https or by an app's own scheme, such as capacitor://localhost.`;
  }
  const origin = serialize(text);
  if (origin === undefined) return `"${text}" is not an origin such as https://app.example.com.`;
  if (origin !== text) return `"${text}" is not an origin as browsers send it; write "${origin}".`;
  return undefined;
}

/** Their origin is opaque, which is sent as `null`: https://html.spec.whatwg.org/multipage/browsers.html#ascii-serialisation-of-an-origin */
const withoutOrigin = /^(file|data|blob|about|javascript):/i;
/** `capacitor://localhost`, `app://-`; hosts in lower case, as web views send them. */
const ofAnApp = /^[a-z][a-z0-9+.-]*:\/\/[a-z0-9._-]+(:[1-9]\d{0,4})?$/;

function serialize(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || /^(wss?|ftp):$/.test(url.protocol)) return undefined;
  if (/^https?:$/.test(url.protocol)) return url.origin;
  // For a scheme that only an app knows, url.origin is "null", though its web view sends scheme and host.
  const origin = `${url.protocol}//${url.host.toLowerCase()}`;
  return ofAnApp.test(origin) ? origin : undefined;
}
