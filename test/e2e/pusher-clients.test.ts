import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startTicketDemo, type TicketDemo } from '../gateway/ticket-demo.ts';
import { type Api, createApi } from '../protocol/http-api-client.ts';
import { launch, withBrowser } from './browser.ts';

const project = join(import.meta.dirname, '..', '..');
const packages = createRequire(import.meta.url);
const pusherJs = join(dirname(packages.resolve('pusher-js/package.json')), 'dist/web/pusher.js');
const echo = packages.resolve('laravel-echo/iife');

// As they are on npm, in a real browser, with the very lines of docs/clients.md.
describe('In a browser', withBrowser, () => {
  let demo: TicketDemo;
  let browser: Browser;
  let api: Api;
  const pages: Page[] = [];

  beforeAll(async () => {
    demo = await startTicketDemo({}, { app: { root: '.', router: 'test/fixtures/pusher-app/index.php' } });
    api = createApi(demo.apiUrl, demo.credentials);
    browser = await launch();
  });
  afterEach(async () => {
    for (const page of pages.splice(0)) await page.context().close();
  });
  afterAll(async () => {
    await browser?.close();
    await demo?.close();
  });

  /** Somebody who has logged in and whose page has run this snippet; `name` is what it made. */
  const visit = async (user: string, snippet: string, name: string) => {
    const page = await (await browser.newContext()).newPage();
    pages.push(page);
    await page.goto(`${demo.pageUrl}/login?user=${user}`);
    for (const path of [pusherJs, echo]) await page.addScriptTag({ path });
    const code = await readFile(join(project, 'docs/snippets/clients', snippet), 'utf8');
    const given = `const { useTickets } = await import(location.origin + '/pusher-tickets.js');
      const Echo = window.Echo.default, key = ${JSON.stringify(demo.credentials.key)}, webSocketUrl = ${JSON.stringify(demo.webSocketUrl)};`;
    await page.evaluate(`(async () => {
      ${given}
      ${code.replace(/^import .*$/gm, '')}
      window.${name} = ${name};
      window.room = room;
    })()`);
    return page;
  };
  const says = (page: Page, text: string) =>
    page.waitForEvent('console', { predicate: (message) => message.text() === text });
  const publish = async (channel: string, name: string, data: object) => {
    const answer = await api('POST', '/events', { name, channel, data: JSON.stringify(data) });
    expect(answer.status).toBe(200);
  };

  it('pusher-js joins private and presence channels, and gets events of PHP and others', async () => {
    const [ada, bob] = [await visit('ada', 'pusher-js.js', 'pusher'), await visit('bob', 'pusher-js.js', 'pusher')];
    await expect.poll(() => bob.evaluate('room.members.count')).toBe(2);
    await expect.poll(() => ada.evaluate('room.members.count')).toBe(2);
    expect(await ada.evaluate('room.members.me')).toEqual({ id: 'ada', info: { name: 'User ada' } });

    const shipped = says(ada, 'shipped 7');
    await expect.poll(() => ada.evaluate("pusher.channel('private-orders-ada').subscribed")).toBe(true);
    await publish('private-orders-ada', 'shipped', { id: 7 });
    await shipped;

    const typing = says(ada, 'typing bob');
    await bob.evaluate("room.trigger('client-typing', {})");
    await typing;
    expect(await bob.evaluate("pusher.channel('private-orders-ada').subscribed")).toBe(false);
  });

  it('Laravel Echo does the same', async () => {
    const [ada, bob] = [await visit('ada', 'echo.js', 'echo'), await visit('bob', 'echo.js', 'echo')];
    const count = "echo.connector.channels['presence-office'].subscription.members.count";
    await expect.poll(() => bob.evaluate(count)).toBe(2);
    await expect.poll(() => ada.evaluate(count)).toBe(2);

    const shipped = says(ada, 'shipped 7');
    const isJoined = "echo.connector.channels['private-orders-ada'].subscription.subscribed";
    await expect.poll(() => ada.evaluate(isJoined)).toBe(true);
    await publish('private-orders-ada', 'App\\Events\\OrderShipped', { id: 7 });
    await shipped;

    const typing = says(ada, 'typing Bob');
    await bob.evaluate("room.whisper('typing', { name: 'Bob' })");
    await typing;
  });

  it('a member leaves when its page closes', async () => {
    const [ada, bob] = [await visit('ada', 'pusher-js.js', 'pusher'), await visit('bob', 'pusher-js.js', 'pusher')];
    await expect.poll(() => ada.evaluate('room.members.count')).toBe(2);
    await bob.context().close();
    pages.splice(pages.indexOf(bob), 1);
    await expect.poll(() => ada.evaluate('room.members.count')).toBe(1);
  });
});
