import { describe } from 'vitest';
import { startTicketDemo } from '../gateway/ticket-demo.ts';
import { context, itIsLoggedInOverWebSocket } from './contract.ts';
import { needsFramework } from './needs.ts';
import { fileStore } from './session-stores.ts';

const ada = { name: 'ada', password: 'lovelace' };

describe('Plain PHP', needsFramework([]), () => {
  itIsLoggedInOverWebSocket({
    async start() {
      const app = { root: '.', router: 'test/frameworks/apps/plain/index.php' };
      const demo = await startTicketDemo(context, { app });
      return { demo, store: fileStore(demo.sessions), close: demo.close };
    },
    cookie: 'PHPSESSID',
    userId: 'ada',
    logIn: (visitor) => visitor.submit('/login', ada),
    logOut: (visitor) => visitor.submit('/'),
  });
});
