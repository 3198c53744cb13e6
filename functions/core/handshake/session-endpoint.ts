const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

export const isLoopback = ({ hostname }: URL): boolean => loopback.test(hostname);

/** Whether session ids may be sent there. `findEndpointFault` says at synth why not. */
export function maySendTo(url: URL): boolean {
  const isPrivate = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url));
  return isPrivate && url.username + url.password + url.hash === '';
}

/** Undefined when session ids may be sent to `text`; otherwise a sentence that says why not. */
export function findEndpointFault(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    return `"${text}" is not an absolute https URL such as https://app.example.com/getSessionID.`;
  }
  if (url.username !== '' || url.password !== '') return 'The session endpoint must not contain a user or password.';
  if (url.hash !== '') return 'The session endpoint must not contain a fragment.';
  if (maySendTo(url)) return undefined;
  return `The session endpoint must be an https URL (got "${text}"). Use https, or a loopback address for local development.`;
}
