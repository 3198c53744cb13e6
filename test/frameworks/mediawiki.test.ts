import { execFile } from 'node:child_process';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { startTicketDemo } from '../gateway/ticket-demo.ts';
import { Visitor } from '../php/visitor.ts';
import { context, itIsLoggedInOverWebSocket } from './contract.ts';
import { installApp } from './install.ts';
import { needsFramework } from './needs.ts';
import { databaseStore, type SessionStore } from './session-stores.ts';

const run = promisify(execFile);

describe('MediaWiki', needsFramework(['apt-get', 'dpkg-deb'], ['intl', 'mbstring', 'pdo_sqlite', 'xml']), () => {
  // MediaWiki clears the cookies of a browser that has a user and no session: a question would end "Keep me logged in".
  it('leaves its cookies to a remembered user whose session has expired, and gives no ticket for them', async () => {
    const visitor = new Visitor(app().demo.pageUrl);
    await logIn(visitor);
    await app().store.clear();
    const answer = await visitor.get('/getSessionID');
    expect(answer.status).toBe(403);
    expect(answer.headers.getSetCookie()).toEqual([]);
    await visitor.get('/index.php/Main_Page');
    expect((await visitor.get('/getSessionID')).status).toBe(200);
  });

  const app = itIsLoggedInOverWebSocket({
    async start() {
      const debian = ['mediawiki', 'mediawiki-classes'];
      const { root, folder } = await installApp('mediawiki', { debian, writable: ['data'] });
      const site = 'debian/var/lib/mediawiki';
      await copyFile(join(folder, 'getSessionID.php'), join(folder, site, 'getSessionID.php'));
      await installWiki(folder);
      const app = { root: join(root, site), router: '../../../../router.php' };
      const environment = { MW_CONFIG_FILE: join(folder, 'settings.php'), MEDIAWIKI_DATA: join(folder, 'data') };
      const demo = await startTicketDemo(context, { app, environment });
      return { demo, store: sessionStore(folder), close: demo.close };
    },
    cookie: 'wiki_session',
    furtherCookies: ['wikiUserID'],
    userId: '1',
    logIn,
    logOut: (visitor) => visitor.submit('/index.php?title=Special:UserLogout'),
  });
});

/** Remembered, so that the cookie `wikiToken` would log in again after the logout if the gateway had it. */
async function logIn(visitor: Visitor): Promise<void> {
  const form = { wpName: 'Ada', wpPassword: 'lovelace-1815', wpRemember: '1' };
  await visitor.submit('/index.php?title=Special:UserLogin', form);
}

/** A new wiki with one user, and settings as a person gets them. */
async function installWiki(folder: string): Promise<void> {
  const data = join(folder, 'data');
  const options = {
    dbtype: 'sqlite',
    dbpath: data,
    dbname: 'wiki',
    confpath: data,
    scriptpath: '',
    pass: 'lovelace-1815',
  };
  const install = join(folder, 'debian/usr/share/mediawiki/maintenance/install.php');
  const flags = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  await run('php', [install, ...flags, 'Shop', 'Ada'], {
    env: { ...process.env, MW_CONFIG_FILE: join(data, 'LocalSettings.php') },
  });
}

function sessionStore(folder: string): SessionStore {
  const file = join(folder, 'data/wikicache.sqlite');
  const isSession = "keyname LIKE '%:MWSession:%'";
  const store = databaseStore(
    { dsn: `sqlite:${file}` },
    {
      read: `SELECT keyname, hex(value), exptime FROM objectcache WHERE ${isSession} ORDER BY keyname`,
      clear: `DELETE FROM objectcache WHERE ${isSession}`,
    },
  );
  // Past the half of its hour, from which on MediaWiki prolongs a session that is used.
  return { ...store, age: async () => void (await run('php', [join(folder, 'age.php'), file, '2400'])) };
}
