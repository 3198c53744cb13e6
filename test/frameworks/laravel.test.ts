import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Visitor } from '../php/visitor.ts';
import { context, itIsLoggedInOverWebSocket } from './contract.ts';
import { startLaravel, storage, withLaravel } from './laravel-app.ts';
import { seenBrowser } from './seen-browser.ts';
import { databaseStore, fileStore } from './session-stores.ts';

const ada = { name: 'ada', password: 'lovelace' };
/** Both of Laravel's usual drivers: the first is the one of a new app. */
const stores = {
  database: (folder: string) =>
    databaseStore(
      { dsn: `sqlite:${join(folder, 'database/database.sqlite')}` },
      {
        read: 'SELECT * FROM sessions ORDER BY id',
        age: 'UPDATE sessions SET last_activity = last_activity - ?',
        clear: 'DELETE FROM sessions',
      },
    ),
  file: (folder: string) => fileStore(join(folder, storage, 'sessions')),
} as const;

describe('Laravel', withLaravel, () => {
  describe.each(['database', 'file'] as const)('with its sessions in %s', (sessions) => {
    const storeIn = stores[sessions];
    const app = itIsLoggedInOverWebSocket({
      async start() {
        const { demo, folder } = await startLaravel({ sessions, name: 'laravel', context });
        return { demo, store: storeIn(folder), close: demo.close };
      },
      cookie: 'shop_session',
      userId: '42',
      logIn: (visitor) => visitor.submit('/login', ada),
      logOut: (visitor) => visitor.submit('/'),
    });

    it('sees the browser that the gateway asks for, where the gateway has signed that', async () => {
      const { demo } = app();
      expect(await seenBrowser(demo)).toEqual(['203.0.113.7', 'Mozilla/5.0']);
      expect(await seenBrowser(demo, 'a guess')).toEqual(['127.0.0.1', 'gateway']);
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
