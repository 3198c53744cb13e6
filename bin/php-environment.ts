import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PusherCredentials } from '../functions/core/keys/credentials.ts';
import type { Life } from '../local/command/live.ts';
import type { Row } from '../local/command/terminal.ts';
import type { LocalCloud } from '../local/index.ts';

type Deployed = Pick<LocalCloud, 'secrets' | 'outputs'>;

/** What PHP shares with the gateway: two outputs of the stack, and the secret. */
export function readCredentials({ secrets, outputs }: Deployed): PusherCredentials {
  const [stored = '{}'] = Object.values(secrets);
  const { secret } = JSON.parse(stored) as Pick<PusherCredentials, 'secret'>;
  return { appId: outputs['AppId'] ?? '', key: outputs['Key'] ?? '', secret };
}

/** What the PHP demo needs to seal tickets and to close sockets at a logout: the credentials, and the HTTP API. */
export function ticketEnvironment(cloud: Deployed): Readonly<Record<string, string>> {
  const { appId, key, secret } = readCredentials(cloud);
  return {
    SESSION_SOCKET_API_URL: cloud.outputs['HttpApiUrl'] ?? '',
    SESSION_SOCKET_APP_ID: appId,
    SESSION_SOCKET_KEY: key,
    SESSION_SOCKET_SECRET: secret,
  };
}

/** Somebody's own PHP app runs by itself, so what it must know is written to a file. */
const fileName = 'session-socket.env';

/** Readable by nobody else, because a secret is in it, and gone with the gateway, whose secret is another at each start. */
export async function writeEnvironmentFile(
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
