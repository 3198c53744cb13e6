import { readdirSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { closeServer, listenOnLoopback } from '../../local/http/loopback.ts';
import { createInspector, type Inspector } from '../../local/inspector/inspector.ts';
import { isPageUrl } from '../../local/inspector/serve-page.ts';
import type { ScanTables } from '../../local/inspector/tables.ts';
import type { Observation } from '../../local/observation.ts';
import { followInspector } from '../assemblies/inspector-copy.ts';

let server: Server;
let inspector: Inspector;
let port: number;

afterEach(async () => {
  inspector.close();
  await closeServer(server);
});

async function start(scanTables?: ScanTables): Promise<string> {
  inspector = createInspector({
    webSocketUrls: () => ['ws://127.0.0.1:4000/prod'],
    now: () => 1000,
    ...(scanTables === undefined ? {} : { scanTables }),
  });
  server = createServer((asked, response) => {
    if (!inspector.page(asked, response)) response.writeHead(404).end();
  });
  port = await listenOnLoopback(server, 0, isPageUrl);
  return `http://127.0.0.1:${port}/_local`;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
        // An event stream never ends.
        if (body.includes('\n\n') && path.endsWith('/events')) response.destroy();
      });
      response.on('close', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

const message = (body: string): Observation => ({
  kind: 'message-in',
  connectionId: 'a',
  routeKey: '$default',
  body,
});

describe('The page', () => {
  it('is served with all its files, and with no other file', async () => {
    await start();
    const page = await ask('/_local');
    expect(page).toMatchObject({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } });
    for (const name of ['page.js', 'page.css', 'icon.svg']) {
      expect(await ask(`/_local/${name}`), name).toMatchObject({ status: 200 });
    }
    const folder = new URL('../../local/inspector/page/', import.meta.url);
    const sources = readdirSync(folder).filter((name) => /\.(ts|html)$/.test(name));
    const elsewhere = ['/_localx', '/_local/../inspector.ts', '/_local/%2e%2e/inspector.ts', '/'];
    for (const path of [...sources.map((name) => `/_local/${name}`), ...elsewhere]) {
      expect(await ask(path), path).toMatchObject({ status: 404 });
    }
  });

  it('references only existing scripts, styles and images', async () => {
    await start();
    const names = new Set<string>();
    for (const asking of ['/_local', '/_local/page.css', '/_local/page.js']) {
      const { body } = await ask(asking);
      for (const [, name = ''] of body.matchAll(/\/_local\/([\w-]+\.\w+)/g)) names.add(name);
      expect(body, asking).not.toMatch(/@import|^import /m);
    }
    expect([...names].sort()).toEqual(['icon.svg', 'page.css', 'page.js']);
    for (const name of names) expect(await ask(`/_local/${name}`), name).toMatchObject({ status: 200 });
  });

  it('loads only its own files, is not cached, and never converts text to HTML', async () => {
    await start(async () => []);
    for (const path of ['/_local', '/_local/page.js', '/_local/tables', '/_local/events']) {
      const { headers } = await ask(path);
      expect(headers['cache-control'], path).toBe('no-store');
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['cross-origin-resource-policy']).toBe('same-origin');
      const policy = headers['content-security-policy'];
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).toContain("require-trusted-types-for 'script'");
      expect(policy).not.toContain('unsafe');
    }
  });

  it('accepts only GET requests', async () => {
    await start();
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      expect(await ask('/_local', {}, method)).toMatchObject({ status: 405, headers: { allow: 'GET' } });
    }
  });
});

describe('A web page', () => {
  it('may send requests if it is the inspector page', async () => {
    await start(async () => []);
    const own = { 'Sec-Fetch-Site': 'same-origin', Host: `127.0.0.1:${port}` };
    expect(await ask('/_local/page.js', own)).toMatchObject({ status: 200 });
    expect(await ask('/_local/tables', { ...own, Origin: `http://127.0.0.1:${port}` })).toMatchObject({ status: 200 });
    const byName = { Host: `localhost:${port}`, Origin: `http://localhost:${port}` };
    expect(await ask('/_local/tables', byName)).toMatchObject({ status: 200 });
  });

  it.each([
    ['of another site', { 'Sec-Fetch-Site': 'cross-site' }],
    ['of another port of this machine', { 'Sec-Fetch-Site': 'same-site' }],
    ['of another origin', { Origin: 'https://evil.example' }],
    ['of another origin that claims to be typed', { Origin: 'http://127.0.0.1:1', 'Sec-Fetch-Site': 'none' }],
    ['with the origin null', { Origin: 'null' }],
    ['over another scheme', { Origin: 'https://127.0.0.1:{port}' }],
    ['by the other name of this machine', { Origin: 'http://localhost:{port}' }],
    ['with a rebound host name', { Host: 'evil.example:{port}', 'Sec-Fetch-Site': 'same-origin' }],
    ['with a rebound origin', { Host: 'evil.example:{port}', Origin: 'http://evil.example:{port}' }],
    ['without a port in its host', { Host: '127.0.0.1' }],
  ])('%s is rejected', async (_, template) => {
    await start(async () => []);
    const headers = Object.fromEntries(
      Object.entries(template).map(([name, value]) => [name, value.replace('{port}', String(port))]),
    );
    for (const path of ['/_local', '/_local/page.js', '/_local/events', '/_local/tables']) {
      const answer = await ask(path, { Host: `127.0.0.1:${port}`, ...headers });
      expect(answer).toMatchObject({ status: 403, body: '{"message":"Forbidden"}' });
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  it('may not request other paths, not even from its own origin', async () => {
    await start();
    const own = { 'Sec-Fetch-Site': 'same-origin' };
    expect(await ask('/prod/@connections/a', own)).toMatchObject({ status: 403 });
    expect(await ask('/_localx', own)).toMatchObject({ status: 403 });
  });
});

describe('The events', () => {
  it('begin with a snapshot and continue with changes', async () => {
    const url = await start();
    inspector.observe(message('before'));
    const follower = await followInspector(url);
    await follower.until((copy) => copy.records('messages').length === 1);
    inspector.observe(message('after'));
    await follower.until((copy) => copy.records('messages').length === 2);
    expect(follower.copy.records('messages').map(({ body }) => body)).toEqual(['before', 'after']);
    expect(follower.batches.map(({ name }) => name)).toEqual(['snapshot', 'changes']);
    expect(follower.batches[1]).toMatchObject({
      now: 1000,
      webSocketUrls: ['ws://127.0.0.1:4000/prod'],
      totals: { messages: 2 },
    });
    follower.close();
  });

  it('are batched when much happens at once', async () => {
    const url = await start();
    const follower = await followInspector(url);
    for (let index = 0; index < 400; index += 1) inspector.observe(message(String(index)));
    await follower.until((copy) => copy.records('messages').length === 400);
    expect(follower.batches.length).toBeLessThanOrEqual(3);
    follower.close();
  });

  it('become a snapshot when there are more changes than records', async () => {
    const url = await start();
    const follower = await followInspector(url);
    await follower.until(() => follower.batches.length === 1);
    for (let index = 0; index < 5000; index += 1) inspector.observe(message(String(index)));
    await follower.until((copy) => copy.records('messages').at(-1)?.body === '4999');
    expect(follower.copy.records('messages')).toHaveLength(500);
    expect(follower.batches.map(({ name }) => name)).toEqual(['snapshot', 'snapshot']);
    follower.close();
  });

  it('end with the local cloud, and a new page begins with a snapshot', async () => {
    const url = await start();
    const first = await followInspector(url);
    first.close();
    const second = await followInspector(url);
    inspector.close();
    await second.ended;
  });
});

describe('The tables', () => {
  it('contain a limited number of items, with long values cut', async () => {
    const items = Array.from({ length: 1000 }, (_, index) => ({ pk: index, text: 'x'.repeat(10_000) }));
    await start(async (limit) => [
      { logicalId: 'Long', name: 'Chat-Long', keys: ['pk'], items: items.slice(0, limit) },
      { logicalId: 'Short', name: 'Chat-Short', keys: ['pk'], items: [{ pk: 'a' }] },
    ]);
    const { tables } = JSON.parse((await ask('/_local/tables')).body);
    expect(tables[0]).toMatchObject({ logicalId: 'Long', name: 'Chat-Long', keys: ['pk'], hasMore: true });
    expect(tables[0].items).toHaveLength(200);
    expect(tables[0].items[199]).toEqual({ pk: 199, text: `${'x'.repeat(4096)}… (10000 characters)` });
    expect(tables[1]).toMatchObject({ items: [{ pk: 'a' }], hasMore: false });
  });

  it('are null without a scan function, and a failing scan is a 500', async () => {
    await start();
    expect((await ask('/_local/tables')).body).toBe('{"tables":null}');
    await closeServer(server);
    await start(() => Promise.reject(new Error('no database')));
    expect(await ask('/_local/tables')).toMatchObject({ status: 500, body: '' });
  });
});
