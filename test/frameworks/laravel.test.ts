import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Visitor } from '../php/visitor.ts';
import { startTicketDemo } from '../ticket-demo.ts';
import { itIsLoggedInOverWebSocket } from './contract.ts';
import { installApp } from './install.ts';
import { canRun } from './needs.ts';
import { databaseStore, fileStore, type SessionStore } from './session-stores.ts';

const ada = { name: 'ada', password: 'lovelace' };
const storage = 'storage/framework';
const writable = [
  'bootstrap/cache',
  `${storage}/cache/data`,
  `${storage}/sessions`,
  `${storage}/views`,
  'storage/logs',
];

/** Both of Laravel's usual drivers: the first is the one of a new app. */
const stores: Readonly<Record<string, (folder: string) => SessionStore>> = {
  database: (folder) =>
    databaseStore(
      { dsn: `sqlite:${join(folder, 'database/database.sqlite')}` },
      'SELECT * FROM sessions ORDER BY id',
      'UPDATE sessions SET last_activity = last_activity - ?',
    ),
  file: (folder) => fileStore(join(folder, storage, 'sessions')),
};

describe.skipIf(!canRun('Laravel', ['composer'], ['mbstring', 'xml', 'pdo_sqlite']))('Laravel', () => {
  describe.each(Object.entries(stores))('with its sessions in %s', (driver, storeIn) => {
    const app = itIsLoggedInOverWebSocket({
      async start() {
        const { root, folder } = await installApp('laravel', { writable });
        await writeFile(join(folder, 'database/database.sqlite'), '');
        const environment = {
          APP_KEY: `base64:${randomBytes(32).toString('base64')}`,
          APP_NAME: 'Shop',
          DB_CONNECTION: 'sqlite',
          LOG_CHANNEL: 'errorlog',
          SESSION_DRIVER: driver,
        };
        await promisify(execFile)('php', ['artisan', 'migrate', '--force'], {
          cwd: folder,
          env: { ...process.env, ...environment },
        });
        const demo = await startTicketDemo({}, { app: { root, router: 'public/index.php' }, environment });
        return { demo, store: storeIn(folder), close: demo.close };
      },
      cookie: 'shop_session',
      userId: '42',
      logIn: (visitor) => visitor.submit('/login', ada),
      logOut: (visitor) => visitor.submit('/'),
    });

    // Laravel would put the visitor's session away and begin another, which nobody saves and no cookie tells of.
    it('leaves the session of a visitor who is only remembered', async () => {
      const { demo, store } = app();
      const before = new Visitor(demo.pageUrl);
      await before.submit('/login', { ...ada, remember: '1' });
      const remembered = before.cookieName('remember_');
      const visitor = new Visitor(demo.pageUrl);
      await visitor.get('/');
      visitor.setCookie(remembered, before.cookie(remembered) ?? '');
      const sessions = await store.read();
      expect((await visitor.get('/getSessionID')).status).toBe(403);
      expect(await store.read()).toEqual(sessions);
      expect(remembered).not.toBe('');
    });
  });
});
