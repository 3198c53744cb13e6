import { type NetConnectOpts, Socket } from 'node:net';

/**
 * Sends connections to these hosts elsewhere, and to no others. The name stays what it was for TLS and for the Host
 * header, so that a function reaches `https://<api>.execute-api.<region>.amazonaws.com` on this machine, unmodified.
 */
export function redirectConnections(redirects: Readonly<Record<string, string>>): void {
  if (Object.keys(redirects).length === 0) return;

  const redirected = (options: unknown): unknown => {
    const { host } = Object(options) as Partial<NetConnectOpts & { host: string }>;
    if (typeof host !== 'string' || !Object.hasOwn(redirects, host.toLowerCase())) return options;
    const [to, port] = redirects[host.toLowerCase()]?.split(':') ?? [];
    return { ...Object(options), host: to, port: Number(port) };
  };
  const original = Socket.prototype.connect as (this: Socket, ...given: unknown[]) => Socket;
  Socket.prototype.connect = function connect(this: Socket, ...given: unknown[]): Socket {
    const [first, second, ...others] = given;
    // `net.connect` calls this with its arguments already in order: [options, callback], marked by a symbol of Node's own.
    if (Array.isArray(first)) first[0] = redirected(first[0]);
    else if (typeof first === 'object') return original.call(this, redirected(first), ...given.slice(1));
    else if (typeof second === 'string')
      return original.call(this, redirected({ port: first, host: second }), ...others);
    return original.apply(this, given);
  };
}
