import { type NetConnectOpts, Socket } from 'node:net';
import tls, { type ConnectionOptions } from 'node:tls';

export interface Redirects {
  /** Where connections to a host really go: `host:port` by host name. */
  readonly hosts: Readonly<Record<string, string>>;
  /** PEM, of the servers there. */
  readonly certificate: string;
}

/**
 * Sends connections to these hosts elsewhere, and to no others. The name stays what it was for TLS and for the Host
 * header, so that a function reaches `https://<api>.execute-api.<region>.amazonaws.com` on this machine, unmodified.
 */
export function redirectConnections(redirects: Redirects): void {
  if (Object.keys(redirects.hosts).length === 0) return;

  const targetOf = (host: unknown): string | undefined => {
    const name = String(host).toLowerCase();
    return Object.hasOwn(redirects.hosts, name) ? redirects.hosts[name] : undefined;
  };
  redirectSockets(targetOf);
  const targets = new Set(Object.values(redirects.hosts));
  trustCertificate(
    ({ host, port, servername }) => targetOf(host ?? servername) !== undefined || targets.has(`${host}:${port}`),
    redirects.certificate,
  );
}

type TargetOf = (host: unknown) => string | undefined;

function redirectSockets(targetOf: TargetOf): void {
  const redirected = (options: unknown): unknown => {
    const target = targetOf((Object(options) as Partial<NetConnectOpts & { host: string }>).host);
    if (target === undefined) return options;
    const [host, port] = target.split(':');
    return { ...Object(options), host, port: Number(port) };
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

/**
 * Not by NODE_EXTRA_CA_CERTS: Node 20 would read every certificate that it trusts at each cold start, which takes as long
 * as the rest of its own start. `tls.connect` comes here with all of its options.
 */
function trustCertificate(isServed: (options: ConnectionOptions) => boolean, certificate: string): void {
  const original = tls.createSecureContext;
  tls.createSecureContext = (options: ConnectionOptions = {}) =>
    original(isServed(options) ? { ...options, ca: options.ca ?? certificate } : options);
}
