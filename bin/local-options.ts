import { parseArgs } from 'node:util';

export interface LocalOptions {
  readonly pagePort: number;
  readonly socketPort: number;
  readonly php: 'native' | 'wasm';
  readonly hello: boolean;
  readonly quiet: boolean;
  readonly permissions: boolean;
}

export const usage = `Runs session-socket on this machine: the template that would be deployed, and the PHP demo.

  npm start -- [options]

  --page-port N     port of the PHP demo          (default 8080; 0 takes any free one)
  --socket-port N   port of the WebSocket API     (default 4000; 0 takes any free one)
  --php WHICH       native or wasm                (default native, and WebAssembly where no php runs)
  --no-hello        do not say hello every second
  --quiet           print no log, only where everything is
  --permissions     at the end, say which permissions each function used and which it never did
  --help            this text
`;

/** @throws Error with one sentence about the first argument that makes no sense */
export function readLocalOptions(args: readonly string[]): LocalOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      'page-port': { type: 'string', default: '8080' },
      'socket-port': { type: 'string', default: '4000' },
      php: { type: 'string', default: 'native' },
      hello: { type: 'boolean', default: true },
      quiet: { type: 'boolean', default: false },
      permissions: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const { php, hello, quiet, permissions } = values;
  if (values['page-port'] === values['socket-port'] && values['page-port'] !== '0') {
    throw new Error('--page-port and --socket-port cannot be the same.');
  }
  if (php !== 'native' && php !== 'wasm') throw new Error(`--php is native or wasm, not "${php}".`);
  return {
    pagePort: readPort('--page-port', values['page-port']),
    socketPort: readPort('--socket-port', values['socket-port']),
    php,
    hello,
    quiet,
    permissions,
  };
}

function readPort(option: string, text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new Error(`${option} is a number from 0 to 65535, not "${text}".`);
  return port;
}
