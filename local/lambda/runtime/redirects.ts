import { type NetConnectOpts, Socket } from 'node:net';
import tls, { type ConnectionOptions } from 'node:tls';

export interface Redirects {
  /** The real targets of connections: `host:port` by host name. */
  readonly hosts: Readonly<Record<string, string>>;
  /** The certificate of the target servers, PEM. */
  readonly certificate: string;
}

/**
 * Redirects connections to these hosts only. TLS and the Host header keep the original name, so that an unmodified
 * function reaches `https://<api>.execute-api.<region>.amazonaws.com` on this machine.
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
    // `net.connect` passes normalized arguments: [options, callback], marked by an internal symbol.
    if (Array.isArray(first)) first[0] = redirected(first[0]);
    else if (typeof first === 'object') return original.call(this, redirected(first), ...given.slice(1));
    else if (typeof second === 'string')
      return original.call(this, redirected({ port: first, host: second }), ...others);
    return original.apply(this, given);
  };
}

/**
 * NODE_EXTRA_CA_CERTS is not used, because Node 20 would parse all its certificates at each cold start and double its start
 * time. `tls.connect` calls this with all its options.
 */
function trustCertificate(isServed: (options: ConnectionOptions) => boolean, certificate: string): void {
  const original = tls.createSecureContext;
  tls.createSecureContext = (options: ConnectionOptions = {}) =>
    original(isServed(options) ? { ...options, ca: options.ca ?? certificate } : options);
}
