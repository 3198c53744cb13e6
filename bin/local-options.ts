import { type SessionMode, sessionModes } from '../functions/core/handshake/session.ts';
import { isLoopback } from '../functions/core/handshake/session-endpoint.ts';
import { readChoice, readOptions, readPort, UsageError } from '../local/command/arguments.ts';

export interface LocalOptions {
  readonly pagePort: number;
  readonly socketPort: number;
  readonly php: 'native' | 'wasm';
  readonly mode: SessionMode;
  /** PHP's session cookie, in the modes that have to know it. */
  readonly cookieName?: string;
  /** The session endpoint of somebody's own app, which takes the place of the demo. */
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
                    /getSessionID, or the path that URL names, such as http://127.0.0.1:8000/private in mode status;
                    session-socket.env holds what the app must know
  --hello           say hello every second, as the server of the blog post did
  --quiet           print no log, only where everything is
  --permissions     at the end, say which permissions each function used and which it never did
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
    throw new UsageError('--page-port and --socket-port cannot be the same.');
  }
  const mode = readChoice('--mode', sessionModes, values.mode);
  const app = values.app === undefined ? undefined : readAppUrl(values.app, mode);
  const cookieName = values['cookie-name'];
  if (cookieName !== undefined && (mode === 'ticket' || (mode === 'cookie' && app === undefined))) {
    throw new UsageError('--cookie-name goes with --mode session-id or status, and with --mode cookie and --app.');
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
 * Where the app answers whose session it is; `/getSessionID` when only its address is said.
 * @throws {UsageError}
 */
function readAppUrl(text: string, mode: SessionMode): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`--app is the address of your app, such as http://127.0.0.1:8000, not "${text}".`);
  }
  if (mode === 'cookie' && !isLoopback(url)) {
    throw new UsageError(
      `--app with --mode cookie is on this machine, such as http://127.0.0.1:8000, not "${text}": the browser sends its cookie only to a socket on the same host.`,
    );
  }
  if (url.pathname === '/') url.pathname = '/getSessionID';
  return url;
}
