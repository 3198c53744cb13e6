import { maySendTo } from './session-endpoint.ts';

/** Undefined when session ids may be sent to `text`; else a sentence that says why not. */
export function findEndpointFault(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    return `"${text}" is not an absolute https URL such as https://app.example.com/getSessionID.`;
  }
  if (url.username !== '' || url.password !== '') return 'The session endpoint must not carry a user or password.';
  if (url.hash !== '') return 'The session endpoint must not carry a fragment.';
  if (maySendTo(url)) return undefined;
  return 'The session endpoint must be https, because session ids travel to it; only loopback may be http.';
}
