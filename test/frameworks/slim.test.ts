import { describe } from 'vitest';
import { startTicketDemo } from '../gateway/ticket-demo.ts';
import { context, itIsLoggedInOverWebSocket } from './contract.ts';
import { installApp } from './install.ts';
import { needsFramework } from './needs.ts';
import { fileStore } from './session-stores.ts';

const ada = { name: 'ada', password: 'lovelace' };

describe('Slim', needsFramework(['composer', 'apt-get', 'dpkg-deb']), () => {
  itIsLoggedInOverWebSocket({
    async start() {
      const { root } = await installApp('slim', { debian: ['php-nikic-fast-route'] });
      const demo = await startTicketDemo(context, { app: { root, router: 'public/index.php' } });
      return { demo, store: fileStore(demo.sessions), close: demo.close };
    },
    cookie: 'PHPSESSID',
    userId: 'ada',
    logIn: (visitor) => visitor.submit('/login', ada),
    logOut: (visitor) => visitor.submit('/'),
  });
});
