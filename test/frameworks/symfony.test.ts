import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { startTicketDemo } from '../gateway/ticket-demo.ts';
import { context, itIsLoggedInOverWebSocket } from './contract.ts';
import { installApp } from './install.ts';
import { needsFramework } from './needs.ts';
import { seenBrowser } from './seen-browser.ts';
import { fileStore } from './session-stores.ts';

const ada = { name: 'ada', password: 'lovelace' };

describe('Symfony', needsFramework(['composer', 'apt-get', 'dpkg-deb'], ['mbstring', 'xml']), () => {
  const app = itIsLoggedInOverWebSocket({
    async start() {
      const { root } = await installApp('symfony', { debian: ['php-symfony-password-hasher'] });
      const environment = { APP_SECRET: randomBytes(16).toString('hex') };
      const demo = await startTicketDemo(context, { app: { root, router: 'public/index.php' }, environment });
      // Its StrictSessionHandler reads what it was asked for before it decides, and PHP's reading makes a file.
      return { demo, store: fileStore(demo.sessions, 'empty files'), close: demo.close };
    },
    cookie: 'PHPSESSID',
    userId: 'ada',
    logIn: (visitor) => visitor.submit('/login', ada),
    logOut: (visitor) => visitor.submit('/'),
  });

  it('sees the browser that the gateway asks for, where the gateway has signed that', async () => {
    const { demo } = app();
    expect(await seenBrowser(demo)).toEqual(['203.0.113.7', 'Mozilla/5.0']);
    expect(await seenBrowser(demo, 'a guess')).toEqual(['127.0.0.1', 'gateway']);
  });
});
