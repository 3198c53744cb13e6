import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Demo, startDemo } from '../gateway/demo.ts';
import { launch, withBrowser } from './browser.ts';

const screenshots = join(import.meta.dirname, '..', 'output');

/** A domain as a deployment has it, and the one of `npm start`, which browsers find without being told. */
const domains = [
  ['example.test', ['--host-resolver-rules=MAP *.test 127.0.0.1']],
  ['session-socket.localhost', []],
] as const;

describe.each(domains)('A page and a socket that share %s', withBrowser, (domain, flags) => {
  let demo: Demo;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  const urls: string[] = [];

  beforeAll(async () => {
    demo = await startDemo({ hello: true, domain });
    browser = await launch(flags);
    context = await browser.newContext({
      httpCredentials: { username: 'gonzalo', password: 'password', origin: demo.pageUrl },
      viewport: { width: 1280, height: 800 },
      colorScheme: 'light',
    });
    page = await openTab();
    await mkdir(screenshots, { recursive: true });
  });

  afterAll(async () => {
    await browser?.close();
    await demo?.close();
  });

  async function openTab(): Promise<Page> {
    const tab = await context.newPage();
    tab.on('request', (request) => urls.push(request.url()));
    tab.on('websocket', (socket) => urls.push(socket.url()));
    return tab;
  }

  /** The status that a socket gets from a page of that host, which the demo's PHP answers under every name. */
  async function handshakeFrom(host: string): Promise<number | undefined> {
    const tab = await openTab();
    await tab.goto(`http://${host}:${new URL(demo.pageUrl).port}/assets/icon.svg`);
    const before = demo.handshakes().length;
    const outcome = await tab.evaluate(
      (url) =>
        new Promise((resolve) => {
          const socket = new WebSocket(url);
          socket.onopen = () => resolve('connected');
          socket.onerror = () => resolve('refused');
        }),
      demo.webSocketUrl,
    );
    expect(outcome).toBe('refused');
    await tab.close();
    return demo.handshakes()[before];
  }

  it('rejects the socket of a stranger', async () => {
    await page.goto(`${demo.pageUrl}/`);
    await page.getByTestId('stranger').getByText('refused').waitFor();
    expect(demo.handshakes()).toEqual([401]);
  });

  it('opens after the login, with only the cookie that the browser sends', async () => {
    await page.goto(`${demo.pageUrl}/login`);
    await page.getByTestId('state').getByText('open').waitFor();
    await page.getByTestId('events').locator('li').nth(1).waitFor();
    await page.screenshot({ path: join(screenshots, `cookie-page-${domain}.png`) });
    expect(demo.handshakes()).toEqual([401, 101]);
    expect(urls.filter((url) => url.startsWith('ws:'))).toEqual([demo.webSocketUrl, demo.webSocketUrl]);
    expect(new URL(demo.webSocketUrl).hostname).toBe(`ws.${domain}`);
    expect(urls.filter((url) => url.includes('getSessionID'))).toEqual([]);
    expect(await context.cookies()).toMatchObject([
      { name: 'APPSID', domain: `.${domain}`, httpOnly: true, sameSite: 'Lax' },
    ]);
  });

  it('rejects another site, whose page has neither the cookie nor the Origin', async () => {
    expect(await handshakeFrom(`other.${domain.split('.').at(-1)}`)).toBe(401);
  });

  // SameSite does not hold it back: a sibling host is the same site.
  it('rejects a sibling host, whose page has the cookie and another Origin', async () => {
    expect(await handshakeFrom(`evil.${domain}`)).toBe(403);
    expect(await demo.logged(({ reason }) => reason === 'foreign-origin')).toMatchObject({
      origin: expect.stringContaining(`http://evil.${domain}:`),
    });
  });

  it('leaves no session id in a URL, log, table or script', async () => {
    const [{ value: sessionId } = { value: '' }] = await context.cookies();
    expect(sessionId).toMatch(/^[A-Za-z0-9,-]{22,}$/);
    const script = 'JSON.stringify([document.documentElement.outerHTML, document.cookie, {...localStorage}])';
    const tables = await Promise.all(['Connections', 'Claims', 'Revocations'].map((table) => demo.rows(table)));
    const texts = [JSON.stringify(demo.log), JSON.stringify(tables), String(await page.evaluate(script)), ...urls];
    const everywhere = [...texts, await readJournal(`${demo.cloud.inspectorUrl}/events`)];
    expect(everywhere.at(-1)).toContain(`"principalId":"user:gonzalo"`);
    expect(everywhere.filter((text) => text.includes(sessionId))).toEqual([]);
  });

  it('closes in every tab at the logout, and opens no other', async () => {
    const other = await openTab();
    await other.goto(`${demo.pageUrl}/private`);
    await other.getByTestId('state').getByText('open').waitFor();
    await page.getByTestId('logout').click();
    await page.waitForURL(`${demo.pageUrl}/`);
    await page.getByTestId('stranger').getByText('refused').waitFor();
    await other.getByTestId('state').getByText('signed out').waitFor();
    expect(await context.cookies()).toEqual([]);
    expect(demo.handshakes()).toEqual([401, 101, 401, 403, 101, 401]);
  });
});

/** All that the local cloud's page shows when it is opened. */
async function readJournal(url: string): Promise<string> {
  const reader = (await fetch(url)).body?.pipeThrough(new TextDecoderStream()).getReader();
  const { value = '' } = (await reader?.read()) ?? {};
  await reader?.cancel();
  return value;
}
