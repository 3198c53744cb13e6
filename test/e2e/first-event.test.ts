import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ticketEnvironment } from '../../bin/php-environment.ts';
import { findFreePort } from '../../local/http/loopback.ts';
import { type Gateway, startGateway } from '../gateway/gateway.ts';
import { type Site, startFiles, startSite } from '../integration/web-servers.ts';
import { withNativePhp } from '../php/php-kinds.ts';
import { launch, withBrowser } from './browser.ts';

// A newcomer pastes these files into an empty folder: nothing in the README may be missing from them.
describe('The four PHP files of the README in an empty folder', { ...withNativePhp, ...withBrowser }, () => {
  let gateway: Gateway;
  let site: Site;
  let environment: Readonly<Record<string, string>>;

  beforeAll(async () => {
    const port = await findFreePort();
    const url = `http://127.0.0.1:${port}`;
    gateway = await startGateway({ sessionEndpoint: `${url}/getSessionID.php`, allowedOrigins: url });
    environment = { SESSION_SOCKET_URL: gateway.webSocketUrl, ...ticketEnvironment(gateway.cloud) };
    site = await startSite('php -S', '', environment, { files: startFiles, wantedPort: port });
  });
  afterAll(async () => {
    await site?.close();
    await gateway?.close();
  });

  it('show an event of PHP in the page', async () => {
    const browser = await launch();
    try {
      const page = await browser.newPage();
      await page.goto(`${site.url}/`);
      await page.getByText('pusher_internal:subscription_succeeded').waitFor();
      const publish = promisify(execFile)('php', ['publish.php'], {
        cwd: site.root,
        env: { ...process.env, ...environment },
      });
      expect((await publish).stdout).toBe('Published.\n');
      await page.getByText('{\\"text\\":\\"Hello\\"}').waitFor();
    } finally {
      await browser.close();
    }
  });
});
