import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe } from 'vitest';
import { startTicketDemo } from '../gateway/ticket-demo.ts';
import type { Visitor } from '../php/visitor.ts';
import { context, itIsLoggedInOverWebSocket } from './contract.ts';
import { installApp } from './install.ts';
import { mariaDbCommand, startMariaDb } from './mariadb.ts';
import { needsFramework } from './needs.ts';
import { databaseStore } from './session-stores.ts';

const commands = ['apt-get', 'dpkg-deb', mariaDbCommand];

describe('WordPress', needsFramework(commands, ['mysqli', 'pdo_mysql']), () => {
  itIsLoggedInOverWebSocket({
    async start() {
      const { root, folder } = await installApp('wordpress', { debian: ['wordpress'] });
      const site = 'debian/usr/share/wordpress';
      await copyFile(join(folder, 'wp-config.php'), join(folder, site, 'wp-config.php'));
      await copyFile(join(folder, 'session-socket.php'), join(folder, 'wp-content/mu-plugins/session-socket.php'));
      const database = await startMariaDb('wordpress');
      const environment = {
        WORDPRESS_CONTENT: join(folder, 'wp-content'),
        WORDPRESS_DATABASE_SOCKET: database.socket,
        WORDPRESS_KEYS: randomBytes(32).toString('hex'),
      };
      const install = [join(folder, 'install.php'), join(folder, site)];
      await promisify(execFile)('php', install, { env: { ...process.env, ...environment } });
      const app = { root: join(root, site), router: '../../../../router.php' };
      const demo = await startTicketDemo(context, { app, environment });
      return {
        demo,
        store: databaseStore(
          { dsn: `mysql:unix_socket=${database.socket};dbname=wordpress`, user: 'root' },
          {
            read: 'SELECT * FROM wp_usermeta ORDER BY umeta_id',
            clear: "DELETE FROM wp_usermeta WHERE meta_key = 'session_tokens'",
          },
        ),
        async close() {
          await demo.close();
          await database.close();
        },
      };
    },
    cookie: 'wordpress_logged_in_',
    userId: '1',
    logIn: (visitor) => visitor.submit('/wp-login.php', { log: 'ada', pwd: 'lovelace' }),
    logOut,
  });
});

/** WordPress asks whether it is meant, with a link that says yes. */
async function logOut(visitor: Visitor): Promise<void> {
  const question = await (await visitor.get('/wp-login.php?action=logout')).text();
  const [, query = ''] = /wp-login\.php(\?action=logout[^"']+)/.exec(question) ?? [];
  await visitor.get(`/wp-login.php${query.replaceAll('&#038;', '&').replaceAll('&amp;', '&')}`);
}
