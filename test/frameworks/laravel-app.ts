import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startTicketDemo, type TicketDemo } from '../gateway/ticket-demo.ts';
import { installApp } from './install.ts';
import { needsFramework } from './needs.ts';

export const withLaravel = needsFramework(['composer'], ['curl', 'mbstring', 'xml', 'pdo_sqlite']);

export const storage = 'storage/framework';
const writable = [
  'bootstrap/cache',
  `${storage}/cache/data`,
  `${storage}/sessions`,
  `${storage}/views`,
  'storage/logs',
];

interface LaravelOptions {
  readonly sessions: 'database' | 'file';
  /** Of its folder. */
  readonly name: string;
  /** CDK context beside the usual. */
  readonly context?: Readonly<Record<string, string>>;
}

/** The Laravel app with a fresh database, and the gateway. */
export async function startLaravel({
  sessions,
  name,
  context = {},
}: LaravelOptions): Promise<{ readonly demo: TicketDemo; readonly folder: string }> {
  const { root, folder } = await installApp('laravel', { into: name, writable });
  await writeFile(join(folder, 'database/database.sqlite'), '');
  const environment = {
    APP_KEY: `base64:${randomBytes(32).toString('base64')}`,
    APP_NAME: 'Shop',
    DB_CONNECTION: 'sqlite',
    LOG_CHANNEL: 'errorlog',
    SESSION_DRIVER: sessions,
  };
  const env = { ...process.env, ...environment, BROADCAST_CONNECTION: 'log' };
  await promisify(execFile)('php', ['artisan', 'migrate', '--force'], { cwd: folder, env });
  const demo = await startTicketDemo(context, { app: { root, router: 'public/index.php' }, environment });
  return { demo, folder };
}
