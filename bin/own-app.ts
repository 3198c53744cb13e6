import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SessionMode } from '../functions/core/handshake/session.ts';
import { isLoopback } from '../functions/core/handshake/session-endpoint.ts';
import { UsageError } from '../local/command/arguments.ts';
import type { Life } from '../local/command/live.ts';
import type { Row } from '../local/command/terminal.ts';

/** Somebody's own PHP app instead of the demo: it runs by itself, so what it must know is written to a file. */
const fileName = 'session-socket.env';

/**
 * Where the app answers whose session it is; `/getSessionID` when only its address is said.
 * @throws {UsageError}
 */
export function readAppUrl(text: string, mode: SessionMode): URL {
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

/** Readable by nobody else, because a secret is in it, and gone with the gateway, whose secret is another at each start. */
export async function tellOwnApp(
  life: Life,
  folder: string,
  environment: Readonly<Record<string, string>>,
): Promise<readonly Row[]> {
  const file = join(folder, fileName);
  // A file that is there keeps its mode when it is written to.
  await rm(file, { force: true });
  life.undo(() => rm(file, { force: true }));
  const lines = Object.entries(environment).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(file, lines.join(''), { mode: 0o600 });
  return [['For PHP', file, `set -a; . ./${fileName}; set +a   in the shell that starts your app`]];
}
