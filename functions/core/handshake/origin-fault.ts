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
