import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Publishing, startPublishing } from '../gateway/publishing.ts';
import { startTicketDemo, type TicketDemo } from '../gateway/ticket-demo.ts';
import { Visitor } from '../php/visitor.ts';

const event = JSON.stringify({ name: 'e', channel: 'news', data: '{}' });
/** A request of a stranger who knows the URL but not the secret. */
const unsigned = (url: string) => fetch(url, { method: 'POST', body: '{}' }).then(({ status }) => status);

describe('when the throttle of publishing is used up', () => {
  let gateway: Publishing;
  beforeAll(async () => {
    // One a second and two at once, so that a few requests are a flood.
    gateway = await startPublishing({ httpThrottle: '1,2' }, { throttles: true });
  });
  afterAll(() => gateway?.close());

  const path = () => `${gateway.apiUrl}/apps/${gateway.credentials.appId}`;
  const publish = async () => (await gateway.ask('POST', '/events', { body: event })).status;
  const close = async (user: string) =>
    (await gateway.ask('POST', `/users/${user}/terminate_connections`, { body: '{}' })).status;
  /** Until the throttle says so. */
  const flood = async (ask: () => Promise<number>) => {
    for (let requests = 0; requests < 50; requests += 1) if ((await ask()) === 429) return;
    throw new Error('The throttle let 50 requests through.');
  };

  it('a logout still closes its sockets', async () => {
    const { client } = await gateway.listen(['news']);
    await flood(publish);
    expect(await close('42')).toBe(200);
    await client.closed;
  });

  it('a stranger’s requests count too, and do not block a logout', async () => {
    gateway.cloud.clock.advance(10_000);
    const { client } = await gateway.listen(['news']);
    await flood(() => unsigned(`${path()}/events`));
    expect(await unsigned(`${path()}/batch_events`)).toBe(429);
    expect(await close('42')).toBe(200);
    await client.closed;
  });

  // A separate throttle does not help against this, as docs/strangers.md says.
  it('each route that closes sockets has a separate throttle, which a stranger with the URL can use up', async () => {
    gateway.cloud.clock.advance(10_000);
    await flood(() => unsigned(`${path()}/users/42/terminate_connections`));
    expect(await close('42')).toBe(429);
    for (const verb of ['terminate_connections', 'rebind']) {
      const own = await unsigned(`${path()}/sessions/${'0'.repeat(64)}/${verb}`);
      expect([verb, own]).toEqual([verb, 401]);
    }
    expect(await publish()).toBe(200);
  });
});

describe('the URL of the HTTP API', () => {
  let demo: TicketDemo;
  beforeAll(async () => {
    demo = await startTicketDemo();
  });
  afterAll(() => demo?.close());

  it('is in no page and no header for a browser', async () => {
    const visitor = new Visitor(demo.pageUrl);
    const { host, port } = new URL(demo.apiUrl);
    await visitor.logIn();
    expect(await (await visitor.get('/private')).text()).toContain(demo.webSocketUrl);
    for (const path of ['/', '/login', '/private', '/getSessionID']) {
      const answer = await visitor.get(path);
      const seen = `${await answer.text()} ${JSON.stringify([...answer.headers])}`;
      expect([path, seen.includes(host), seen.includes(`:${port}`)]).toEqual([path, false, false]);
    }
  });
});
