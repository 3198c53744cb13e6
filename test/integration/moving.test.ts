import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Publishing, startPublishing } from '../gateway/publishing.ts';
import { startTicketDemo, type TicketDemo } from '../gateway/ticket-demo.ts';
import { Visitor } from '../php/visitor.ts';
import { type Client, connect } from '../socket-client.ts';

const snippets = join(import.meta.dirname, '../../docs/snippets/moving');

interface Page {
  readonly id?: string;
  emit(channel: string, event: string, data: unknown): void;
}

describe('The page of docs/moving-from-socket-io.md', () => {
  const code = readFileSync(join(snippets, 'socket-io.js'), 'utf8');
  let gateway: TicketDemo;
  const clients: Client[] = [];
  beforeAll(async () => {
    gateway = await startTicketDemo({}, { app: { root: '.', router: 'test/fixtures/moving-app/index.php' } });
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
    await expect.poll(() => gateway.rows('Connections')).toEqual([]);
  });
  afterAll(async () => {
    await gateway?.close();
    expect(gateway.complaints).toEqual([]);
  });

  const visit = async (user: string) => {
    const visitor = new Visitor(gateway.pageUrl);
    await visitor.get(`/login?user=${user}`);
    const lines: string[] = [];
    type OnFrame = (frame: unknown, say: (event: string, fields: object) => void) => void;
    let reconnect = async (): Promise<void> => {};
    const stayConnected = (onFrame: OnFrame) => {
      reconnect = async () => {
        const url = `${gateway.webSocketUrl}?token=${encodeURIComponent(await visitor.fetchToken())}`;
        const client = await connect(url, { origin: gateway.pageUrl });
        clients.push(client);
        const say = (event: string, fields: object) => client.send({ event, ...fields });
        for (const text of client.frames) onFrame(JSON.parse(text), say);
        client.socket.on('message', (text) => onFrame(JSON.parse(String(text)), say));
      };
    };
    const start = new Function('stayConnected', 'log', `${code}; return socket;`);
    const page: Page = start(stayConnected, (line: string) => lines.push(line));
    await reconnect();
    await expect.poll(() => page.id).toBeDefined();
    await expect
      .poll(() => clients.at(-1)?.frames.join())
      .toContain('"event":"pusher_internal:subscription_succeeded"');
    return { visitor, page, lines, reconnect };
  };

  it('gets messages that PHP publishes, and the sender’s page does not get its own', async () => {
    const [eve, fay] = [await visit('eve'), await visit('fay')];
    const body = new URLSearchParams({ text: 'Hello', socket_id: fay.page.id ?? '' });
    expect((await fay.visitor.post('/message', body)).status).toBe(204);
    await expect.poll(() => eve.lines).toEqual(['fay: Hello']);
    expect((await eve.visitor.post('/message', new URLSearchParams({ text: 'Hi' }))).status).toBe(204);
    await expect.poll(() => fay.lines).toEqual(['eve: Hi']);
  });

  it('gets events from other pages', async () => {
    const [eve, fay] = [await visit('eve'), await visit('fay')];
    fay.page.emit('presence-room', 'typing', { name: 'Fay' });
    await expect.poll(() => eve.lines).toEqual(['Fay is typing']);
    expect(fay.lines).toEqual([]);
  });

  it('joins its channels again after a reconnect', async () => {
    const [eve, fay] = [await visit('eve'), await visit('fay')];
    const before = eve.page.id;
    await clients.shift()?.close();
    await eve.reconnect();
    await vi.waitFor(() => expect(eve.page.id).not.toBe(before));
    await expect.poll(() => clients.at(-1)?.frames.join()).toContain('subscription_succeeded');
    await fay.visitor.post('/message', new URLSearchParams({ text: 'Still here?' }));
    await expect.poll(() => eve.lines).toEqual(['fay: Still here?']);
  });

  it('needs a login for its message', async () => {
    const stranger = new Visitor(gateway.pageUrl);
    expect((await stranger.post('/message', new URLSearchParams({ text: 'Hello' }))).status).toBe(403);
  });
});

describe('npm pusher with the lines of docs/moving-from-pusher.md', () => {
  let gateway: Publishing;
  beforeAll(async () => {
    gateway = await startPublishing();
  });
  afterEach(() => vi.unstubAllEnvs());
  afterAll(() => gateway?.close());

  it('publishes to the gateway', async () => {
    const { appId, key, secret } = gateway.credentials;
    vi.stubEnv('SESSION_SOCKET_API_URL', gateway.apiUrl);
    vi.stubEnv('SESSION_SOCKET_APP_ID', appId);
    vi.stubEnv('SESSION_SOCKET_KEY', key);
    vi.stubEnv('SESSION_SOCKET_SECRET', secret);
    const { pusher } = await import(new URL('../../docs/snippets/moving/pusher-node.js', import.meta.url).href);
    const { client, on } = await gateway.listen(['news']);
    expect((await pusher.trigger('news', 'said', { text: 'by URL' })).status).toBe(200);
    await expect.poll(() => on('news')).toMatchObject([{ event: 'said', data: '{"text":"by URL"}' }]);
    await client.close();
  });
});
