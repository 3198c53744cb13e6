import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startTicketDemo } from '../gateway/ticket-demo.ts';
import { Visitor } from '../php/visitor.ts';
import { connect } from '../socket-client.ts';
import { context, itIsLoggedInOverWebSocket } from './contract.ts';
import { installApp } from './install.ts';
import { needsFramework } from './needs.ts';
import { fileStore } from './session-stores.ts';

/** Of its `savedir`; its installer makes them. */
const data = ['pages', 'attic', 'media', 'media_attic', 'media_meta', 'meta', 'cache', 'index', 'locks', 'tmp', 'log'];

describe('DokuWiki', needsFramework(['apt-get', 'dpkg-deb'], ['xml']), () => {
  // Session fixation: DokuWiki itself takes nobody for logged in without the login cookie.
  it('gives no ticket for the session cookie alone, nor with the login cookie of another password', async () => {
    const visitor = await visitAndLogIn();
    expect((await visitor.get('/getSessionID')).status).toBe(200);
    const [session, login] = ['DokuWiki', 'DW'].map((each) => visitor.cookieName(each));
    const thief = new Visitor(app().demo.pageUrl);
    thief.setCookie(session ?? '', visitor.cookie(session ?? '') ?? '');
    expect((await thief.get('/getSessionID')).status).toBe(403);
    const [user, isSticky] = decodeURIComponent(visitor.cookie(login ?? '') ?? '').split('|');
    thief.setCookie(login ?? '', encodeURIComponent([user, isSticky, btoa('x'.repeat(64))].join('|')));
    expect((await thief.get('/getSessionID')).status).toBe(403);
  });

  it('gives a ticket to a login that is not remembered', async () => {
    const visitor = await visitAndLogIn({ r: '0' });
    expect((await visitor.get('/getSessionID')).status).toBe(200);
  });

  // Of another user: within the second of a revocation no ticket of its user is accepted.
  it('closes the sockets of a user whose password has changed, and gives a session of the old one no ticket', async () => {
    const [laptop, phone] = [await visitAndLogIn({ u: 'bob' }), await visitAndLogIn({ u: 'bob' })];
    const { demo } = app();
    const url = `${demo.webSocketUrl}?token=${encodeURIComponent(await phone.fetchToken())}`;
    const client = await connect(url, { origin: demo.pageUrl });
    const passwords = { oldpass: 'lovelace', newpass: 'byron', passchk: 'byron' };
    await laptop.submit('/doku.php?do=profile', passwords);
    await client.closed;
    expect((await phone.get('/getSessionID')).status).toBe(403);
  });

  const app = itIsLoggedInOverWebSocket({
    async start() {
      const debian = ['dokuwiki', 'php-phpseclib'];
      const { root, folder } = await installApp('dokuwiki', { debian, writable: data.map((each) => `data/${each}`) });
      const plugin = join(folder, 'debian/var/lib/dokuwiki/lib/plugins/sessionsocket');
      await cp(join(folder, 'sessionsocket'), plugin, { recursive: true });
      await cp(join(folder, 'session-socket.php'), join(plugin, 'session-socket.php'));
      const app = { root: join(root, 'debian/usr/share/dokuwiki'), router: '../../../../router.php' };
      const environment = { DOKUWIKI_DATA: join(folder, 'data') };
      const demo = await startTicketDemo(context, { app, environment });
      return { demo, store: fileStore(demo.sessions), close: demo.close };
    },
    cookie: 'DokuWiki',
    userId: 'ada',
    logIn,
    logOut,
  });

  async function visitAndLogIn(more?: Readonly<Record<string, string>>): Promise<Visitor> {
    const visitor = new Visitor(app().demo.pageUrl);
    await visitor.get('/');
    await logIn(visitor, more);
    return visitor;
  }
});

/** Remembered, so that DokuWiki's login cookie would log in again after the logout if the gateway had it. */
async function logIn(visitor: Visitor, more: Readonly<Record<string, string>> = { r: '1' }): Promise<void> {
  await visitor.submit('/doku.php?do=login', { u: 'ada', p: 'lovelace', ...more });
}

/** By the link of every page, which holds a token against forged requests. */
async function logOut(visitor: Visitor): Promise<void> {
  const page = await (await visitor.get('/')).text();
  const [, link = ''] = /href="([^"]+do=logout[^"]+)"/.exec(page) ?? [];
  await visitor.get(link.replaceAll('&amp;', '&'));
}
