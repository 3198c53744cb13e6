import { type SessionMode, sessionModes } from '../functions/core/handshake/handshake-options.ts';
import { isLoopback } from '../functions/core/handshake/session-endpoint.ts';
import { readChoice, readOptions, readPort, UsageError } from '../local/command/arguments.ts';

export interface LocalOptions {
  readonly pagePort: number;
  readonly socketPort: number;
  readonly php: 'native' | 'wasm';
  readonly mode: SessionMode;
  /** PHP's session cookie, in the modes that need its name. */
  readonly cookieName?: string;
  /** The session endpoint of your own app, which replaces the demo. */
  readonly app?: URL;
  readonly hello: boolean;
  readonly quiet: boolean;
  readonly permissions: boolean;
}

export const usage = `Runs session-socket on this machine: the template that would be deployed, and the PHP demo.

  npm start -- [options]

  --page-port N     port of the PHP demo          (default 8080; 0 takes any free one)
  --socket-port N   port of the WebSocket API     (default 4000; 0 takes any free one)
  --php WHICH       native or wasm                (default native, and WebAssembly where no php runs)
  --mode WHICH      ticket, cookie, session-id or status  (default ticket; docs/modes.md)
  --cookie-name N   PHP's session cookie, in the modes session-id and status; in mode cookie also several with commas,
                    for your own app            (default PHPSESSID)
  --app URL         your own PHP app instead of the demo, such as http://127.0.0.1:8000; the gateway asks its
                    /getSessionID, or the path in URL, such as http://127.0.0.1:8000/private in mode status;
                    the app's settings are written to session-socket.env
  --hello           send hello every second, as the blog post's server does
  --quiet           print only the addresses, no log
  --permissions     at the end, list the permissions that each function used and never used
  --help            this text
`;

/** @throws {UsageError} */
export function readLocalOptions(args: readonly string[]): LocalOptions | 'help' {
  const values = readOptions(args, {
    'page-port': { type: 'string', default: '8080' },
    'socket-port': { type: 'string', default: '4000' },
    php: { type: 'string', default: 'native' },
    mode: { type: 'string', default: 'ticket' },
    'cookie-name': { type: 'string' },
    app: { type: 'string' },
    hello: { type: 'boolean', default: false },
    quiet: { type: 'boolean', default: false },
    permissions: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  });
  if (values.help) return 'help';
  const { hello, quiet, permissions } = values;
  if (values['page-port'] === values['socket-port'] && values['page-port'] !== '0') {
    throw new UsageError('--page-port and --socket-port must be different.');
  }
  const mode = readChoice('--mode', sessionModes, values.mode);
  const app = values.app === undefined ? undefined : readAppUrl(values.app, mode);
  const cookieName = values['cookie-name'];
  if (cookieName !== undefined && (mode === 'ticket' || (mode === 'cookie' && app === undefined))) {
    throw new UsageError('--cookie-name works only with --mode session-id or status, or with --mode cookie and --app.');
  }
  return {
    ...(app !== undefined && { app }),
    ...(cookieName !== undefined && { cookieName }),
    pagePort: readPort('--page-port', values['page-port']),
    socketPort: readPort('--socket-port', values['socket-port']),
    php: readChoice('--php', ['native', 'wasm'], values.php),
    mode,
    hello,
    quiet,
    permissions,
  };
}

/**
 * The app's session endpoint; `/getSessionID` if the URL has no path.
 * @throws {UsageError}
 */
function readAppUrl(text: string, mode: SessionMode): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`--app must be the URL of your app, such as http://127.0.0.1:8000, not "${text}".`);
  }
  if (mode === 'cookie' && !isLoopback(url)) {
    throw new UsageError(
      `--app with --mode cookie must be on this machine, such as http://127.0.0.1:8000, not "${text}". The browser sends its cookie only to a socket on the same host.`,
    );
  }
  if (url.pathname === '/') url.pathname = '/getSessionID';
  return url;
}
