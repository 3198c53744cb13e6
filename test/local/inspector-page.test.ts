import { readdirSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { closeServer, listenOnLoopback } from '../../local/http/loopback.ts';
import { createInspector, type Inspector } from '../../local/inspector/inspector.ts';
import { isPageUrl } from '../../local/inspector/page.ts';
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
        // An event stream has no end.
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
  it('is served with all that it asks for, and nothing else of the machine', async () => {
    await start();
    const page = await ask('/_local');
    expect(page).toMatchObject({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } });
    const folder = new URL('../../local/inspector/page/', import.meta.url);
    for (const name of readdirSync(folder).filter((each) => each !== 'page.html')) {
      expect(await ask(`/_local/${name}`), name).toMatchObject({ status: 200 });
    }
    for (const path of ['/_localx', '/_local/page.ts', '/_local/../page.ts', '/_local/%2e%2e/page.ts', '/']) {
      expect(await ask(path), path).toMatchObject({ status: 404 });
    }
  });

  it('names only scripts and styles that are there', async () => {
    await start();
    const texts = [(await ask('/_local')).body];
    const seen = new Set<string>();
    for (const text of texts) {
      for (const [, name = ''] of text.matchAll(/(?:\/_local|from '\.)\/([\w-]+\.\w+)/g)) {
        if (seen.has(name)) continue;
        seen.add(name);
        const { status, body } = await ask(`/_local/${name}`);
        expect(status, name).toBe(200);
        texts.push(body);
      }
    }
    expect(seen.size).toBeGreaterThan(15);
  });

  it('lets nothing in but its own files, is kept nowhere, and makes no HTML of texts', async () => {
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

  it('can only be read', async () => {
    await start();
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      expect(await ask('/_local', {}, method)).toMatchObject({ status: 405, headers: { allow: 'GET' } });
    }
  });
});

describe('A web page', () => {
  it('may ask when it is the page itself', async () => {
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
    ['without an origin to speak of', { Origin: 'null' }],
    ['over another scheme', { Origin: 'https://127.0.0.1:{port}' }],
    ['by the other name of this machine', { Origin: 'http://localhost:{port}' }],
    ['whose name was made to point here', { Host: 'evil.example:{port}', 'Sec-Fetch-Site': 'same-origin' }],
    ['whose origin was made to point here', { Host: 'evil.example:{port}', Origin: 'http://evil.example:{port}' }],
    ['without a port in its host', { Host: '127.0.0.1' }],
  ])('%s reads nothing', async (_, template) => {
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

  it('may ask for nothing beside the page, not even from its own origin', async () => {
    await start();
    const own = { 'Sec-Fetch-Site': 'same-origin' };
    expect(await ask('/prod/@connections/a', own)).toMatchObject({ status: 403 });
    expect(await ask('/_localx', own)).toMatchObject({ status: 403 });
  });
});

describe('The events', () => {
  it('begin with everything and go on with what changes', async () => {
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

  it('come in one piece when much happens at once', async () => {
    const url = await start();
    const follower = await followInspector(url);
    for (let index = 0; index < 400; index += 1) inspector.observe(message(String(index)));
    await follower.until((copy) => copy.records('messages').length === 400);
    expect(follower.batches.length).toBeLessThanOrEqual(3);
    follower.close();
  });

  it('become a new beginning when there are more changes than the journal is long', async () => {
    const url = await start();
    const follower = await followInspector(url);
    await follower.until(() => follower.batches.length === 1);
    for (let index = 0; index < 5000; index += 1) inspector.observe(message(String(index)));
    await follower.until((copy) => copy.records('messages').at(-1)?.body === '4999');
    expect(follower.copy.records('messages')).toHaveLength(500);
    expect(follower.batches.map(({ name }) => name)).toEqual(['snapshot', 'snapshot']);
    follower.close();
  });

  it('end with the local cloud, and another page begins anew', async () => {
    const url = await start();
    const first = await followInspector(url);
    first.close();
    const second = await followInspector(url);
    inspector.close();
    await second.ended;
  });
});

describe('The tables', () => {
  it('are what the scan finds, as many as can be read, with long values cut', async () => {
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

  it('are null when nobody can read them, and a scan that fails is a 500', async () => {
    await start();
    expect((await ask('/_local/tables')).body).toBe('{"tables":null}');
    await closeServer(server);
    await start(() => Promise.reject(new Error('no database')));
    expect(await ask('/_local/tables')).toMatchObject({ status: 500, body: '' });
  });
});
