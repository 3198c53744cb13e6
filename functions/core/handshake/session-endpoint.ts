const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

export const isLoopback = ({ hostname }: URL): boolean => loopback.test(hostname);

/** Whether session ids may be sent there. Why not is said at synth: session-endpoint-fault.ts. */
export function maySendTo(url: URL): boolean {
  const isPrivate = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url));
  return isPrivate && url.username + url.password + url.hash === '';
}
