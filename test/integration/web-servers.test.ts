import { afterEach, describe, expect, it } from 'vitest';
import { diagnose, faultsIn, find } from '../doctor/diagnose.ts';
import { withNativePhp } from '../php/php-kinds.ts';
import { shared } from '../php/ticket-app.ts';
import { Visitor } from '../php/visitor.ts';
import {
  documented,
  type Site,
  startFiles,
  startSite,
  type WebServerKind,
  webServers,
  withWebServers,
} from './web-servers.ts';

const environment = {
  SESSION_SOCKET_APP_ID: shared.appId,
  SESSION_SOCKET_KEY: shared.key,
  SESSION_SOCKET_SECRET: shared.secret,
};
const keys = { appId: shared.appId, key: shared.key, secret: shared.secret };
const where = (kind: WebServerKind) => (kind === 'php -S' ? withNativePhp : withWebServers);

let site: Site | undefined;
afterEach(async () => {
  await site?.close();
  site = undefined;
});

async function examineSite(kind: WebServerKind, rules: string) {
  site = await startSite(kind, rules, environment);
  const visitor = new Visitor(site.url);
  await visitor.get('/login.php');
  return diagnose(`${site.url}/getSessionID`, { cookie: visitor.cookieHeader, keys });
}

// The README once had a page that asked /getSessionID: as pasted, that was a 404 or the home page.
describe.each(webServers)('%s without any rules', (kind) => {
  it('runs the route of the README as pasted', where(kind), async () => {
    site = await startSite(kind, '', environment, { files: startFiles });
    const visitor = new Visitor(site.url);
    await visitor.get('/index.php');
    const results = await diagnose(`${site.url}/getSessionID.php`, { cookie: visitor.cookieHeader, keys });
    expect(faultsIn(results)).toEqual({});
    expect(find(results, 'session').outcome).toBe('ok');
  });
});

describe.each(webServers)('the file of docs/php.md behind %s', (kind) => {
  it('answers /getSessionID with the lines of docs/web-servers.md', where(kind), async () => {
    const results = await examineSite(kind, (await documented())[kind]);
    expect(faultsIn(results)).toEqual({});
    expect(find(results, 'session').outcome).toBe('ok');
    const home = await fetch(`${site?.url}/`);
    expect(await home.text()).toContain('Home');
  });

  it('passes on the query, which the gateway signs', where(kind), async () => {
    await examineSite(kind, (await documented())[kind]);
    const visitor = new Visitor(site?.url ?? '');
    await visitor.get('/login.php');
    const results = await diagnose(`${site?.url}/getSessionID?a=b`, { cookie: visitor.cookieHeader, keys });
    expect(faultsIn(results)).toEqual({});
  });
});

describe.each<[WebServerKind, string]>([
  ['php -S', ''],
  ['nginx', 'location / { try_files $uri /index.php?$query_string; }'],
  ['Apache', 'FallbackResource /index.php'],
])('without them, %s with a front controller', (kind, rules) => {
  it('answers with the home page, which the doctor recognizes', where(kind), async () => {
    expect(faultsIn(await examineSite(kind, rules))).toEqual({
      'in front': 'problem: another page of your app answers: the route does not reach the file',
    });
  });
});

describe('nginx with try_files $uri $uri.php', () => {
  // nginx serves what it finds in the same location, which knows nothing of PHP.
  it.each(['=404', '/index.php?$query_string'])(
    'and %s sends the PHP source, which the doctor recognizes and does not print',
    withWebServers,
    async (last) => {
      const results = await examineSite('nginx', `location / { try_files $uri $uri.php ${last}; }`);
      expect(faultsIn(results)).toEqual({
        'in front': 'problem: the web server sends the PHP source instead of running it',
      });
      expect(JSON.stringify(results)).not.toContain('SESSION_SOCKET_KEY');
    },
  );

  // The last argument is a redirect inside of nginx: it works until somebody adds another one.
  it('and nothing after it runs the file', withWebServers, async () => {
    expect(faultsIn(await examineSite('nginx', 'location / { try_files $uri $uri.php; }'))).toEqual({});
  });

  it('does not with the location of docs/web-servers.md beside it', withWebServers, async () => {
    const { nginx } = await documented();
    const results = await examineSite('nginx', `${nginx}\nlocation / { try_files $uri $uri.php =404; }`);
    expect(faultsIn(results)).toEqual({});
  });
});

it('Apache finds the route before a FallbackResource', withWebServers, async () => {
  const { Apache } = await documented();
  expect(faultsIn(await examineSite('Apache', `${Apache}\nFallbackResource /index.php`))).toEqual({});
});
