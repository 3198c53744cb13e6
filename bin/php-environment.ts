import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PusherCredentials } from '../functions/core/keys/credentials.ts';
import type { Lifecycle } from '../local/command/lifecycle.ts';
import type { Row } from '../local/command/terminal.ts';
import type { LocalCloud } from '../local/index.ts';

type Deployed = Pick<LocalCloud, 'secrets' | 'outputs'>;

/** The credentials that PHP and the gateway share: two outputs of the stack, and the secret. */
export function readCredentials({ secrets, outputs }: Deployed): PusherCredentials {
  const [stored = '{}'] = Object.values(secrets);
  const { secret } = JSON.parse(stored) as Pick<PusherCredentials, 'secret'>;
  return { appId: outputs['AppId'] ?? '', key: outputs['Key'] ?? '', secret };
}

/** The PHP demo needs the credentials and the HTTP API to seal tickets and to close sockets at logout. */
export function ticketEnvironment(cloud: Deployed): Readonly<Record<string, string>> {
  const { appId, key, secret } = readCredentials(cloud);
  return {
    SESSION_SOCKET_API_URL: cloud.outputs['HttpApiUrl'] ?? '',
    SESSION_SOCKET_APP_ID: appId,
    SESSION_SOCKET_KEY: key,
    SESSION_SOCKET_SECRET: secret,
  };
}

/** Your own PHP app runs separately, so its settings are written to a file. */
const fileName = 'session-socket.env';

/** Only the owner can read the file, because it holds a secret. It is deleted at the end: each start creates a new secret. */
export async function writeEnvironmentFile(
  life: Lifecycle,
  folder: string,
  environment: Readonly<Record<string, string>>,
): Promise<readonly Row[]> {
  const file = join(folder, fileName);
  // Writing to an existing file would keep its old mode.
  await rm(file, { force: true });
  life.onEnd(() => rm(file, { force: true }));
  const lines = Object.entries(environment).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(file, lines.join(''), { mode: 0o600 });
  return [['For PHP', file, `set -a; . ./${fileName}; set +a   in the shell that starts your app`]];
}
