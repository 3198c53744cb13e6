import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Demo, startDemo } from '../gateway/demo.ts';
import { launch, withBrowser } from './browser.ts';

const screenshots = join(import.meta.dirname, '..', 'output');

describe('A person with a browser', withBrowser, () => {
  let demo: Demo;
  let browser: Browser;
  let page: Page;
  const urls: string[] = [];

  beforeAll(async () => {
    demo = await startDemo({ hello: true });
    browser = await launch();
    const context = await browser.newContext({
      httpCredentials: { username: 'gonzalo', password: 'password', origin: demo.pageUrl },
      viewport: { width: 1280, height: 800 },
      colorScheme: 'light',
    });
    page = await context.newPage();
    page.on('request', (request) => urls.push(request.url()));
    page.on('websocket', (socket) => urls.push(socket.url()));
    await mkdir(screenshots, { recursive: true });
  });

  afterAll(async () => {
    await browser?.close();
    await demo?.close();
  });

  it('gets no socket as a stranger', async () => {
    await page.goto(`${demo.pageUrl}/`);
    await page.getByTestId('stranger').getByText('refused').waitFor();
    await page.screenshot({ path: join(screenshots, 'public-page.png') });
    expect(demo.handshakes()).toEqual([403]);
  });

  it('gets no private page before the login', async () => {
    const answer = await page.goto(`${demo.pageUrl}/private`);
    expect(answer?.status()).toBe(403);
  });

  it('logs in to PHP and gets hello at least three times over a native WebSocket', async () => {
    await page.goto(`${demo.pageUrl}/login`);
    expect(new URL(page.url()).pathname).toBe('/private');
    await page.getByTestId('state').getByText('open').waitFor();
    await page.getByTestId('events').locator('li').nth(2).waitFor();
    expect(await page.getByTestId('events').locator('li').first().textContent()).toContain('{"hello":"world"}');
  });

  it('sees a readable page on a screen and on a phone, with nothing secret in it', async () => {
    const token = await fetchToken(page);
    expect(await page.content()).not.toContain(token);
    await page.screenshot({ path: join(screenshots, 'private-page.png') });
    await page.setViewportSize({ width: 375, height: 812 });
    const width = await page.evaluate('document.documentElement.scrollWidth');
    await page.screenshot({ path: join(screenshots, 'private-page-phone.png') });
    expect(width).toBeLessThanOrEqual(375);
  });

  it('leaves no session id in a URL, log, table or script', async () => {
    const cookies = await page.context().cookies();
    const sessionId = cookies.find(({ name }) => name === 'PHPSESSID')?.value ?? '';
    expect(sessionId).toMatch(/^[A-Za-z0-9,-]{22,}$/);
    const script = 'JSON.stringify([document.documentElement.outerHTML, document.cookie, {...localStorage}])';
    const tables = await Promise.all(['Connections', 'Claims'].map((table) => demo.rows(table)));
    const everywhere = [JSON.stringify(demo.log), JSON.stringify(tables), String(await page.evaluate(script)), ...urls];
    expect(everywhere.filter((text) => text.includes(sessionId))).toEqual([]);
    // It did look into the URLs of sockets.
    expect(urls.some((url) => url.includes('token=t1.'))).toBe(true);
  });

  it('opens a socket with only the lines of docs/page.md', async () => {
    const folder = join(import.meta.dirname, '..', '..', 'docs', 'snippets');
    const read = (name: string) => readFile(join(folder, name), 'utf8');
    const snippet = `${await read('page.js')}${await read('page-news.js')}`;
    const greeted = page.waitForEvent('console', (message) => message.text().includes('event'));
    await page.evaluate(`(() => { const webSocketUrl = '${demo.webSocketUrl}'; ${snippet} })()`);
    expect(await (await greeted).args()[0]?.jsonValue()).toMatchObject({ event: 'pusher:connection_established' });
  });

  it('logs out, and neither the old token nor a stranger gets a socket any more', async () => {
    const token = await fetchToken(page);
    await page.getByTestId('logout').click();
    await page.waitForURL(`${demo.pageUrl}/`);
    await page.getByTestId('stranger').getByText('refused').waitFor();
    const outcome = await page.evaluate(
      ([url, old]) =>
        new Promise((resolve) => {
          const socket = new WebSocket(`${url}?token=${old}`);
          socket.onopen = () => resolve('connected');
          socket.onerror = () => resolve('refused');
        }),
      [demo.webSocketUrl, token] as const,
    );
    expect(outcome).toBe('refused');
    expect(demo.handshakes()).toEqual([403, 101, 101, 403, 403]);
  });
});

/** As the page does it. */
function fetchToken(page: Page): Promise<string> {
  return page.evaluate(async () => (await fetch('/getSessionID')).json() as Promise<string>);
}
