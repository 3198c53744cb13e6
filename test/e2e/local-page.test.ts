import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Chat, startChat } from '../assemblies/start-chat.ts';
import { type Client, connect, handshakeStatus } from '../socket-client.ts';
import { launch, withBrowser } from './browser.ts';
import { type Story, startStory } from './local-page-story.ts';

const screenshots = join(import.meta.dirname, '..', 'output');

let browser: Browser;
const complaints: string[] = [];

beforeAll(async () => {
  browser = await launch();
  await mkdir(screenshots, { recursive: true });
});
afterAll(() => browser?.close());

async function openPage(url: string, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // The browser's errors about a server that is gone are not faults of the page.
    if (message.type() === 'error' && !message.text().includes('net::ERR_')) complaints.push(message.text());
  });
  await page.goto(url);
  await page.locator('#state[data-state=live]').waitFor();
  return page;
}

describe('A developer with the page of a local cloud', withBrowser, () => {
  let chat: Chat;
  let page: Page;
  let client: Client;

  beforeAll(async () => {
    chat = await startChat();
    page = await openPage(chat.cloud.inspectorUrl ?? '');
  });
  afterAll(async () => {
    await page?.context().close();
    await chat?.close();
  });

  const total = (name: string) => page.locator(`[data-total=${name}] b`);

  it('sees a hint while nothing has happened', async () => {
    await page.getByText('No connections yet').waitFor();
    await page.getByText(`new WebSocket('${chat.cloud.webSocketUrl}')`).waitFor();
  });

  it('sees an opening socket with its identity, without reloading', async () => {
    client = await connect(`${chat.cloud.webSocketUrl}?token=allow`);
    await page.locator('.of-connection', { hasText: 'user:42' }).waitFor();
    expect(await total('open').textContent()).toBe('1');
  });

  it('sees why another socket was rejected', async () => {
    expect(await handshakeStatus(`${chat.cloud.webSocketUrl}?token=deny`)).toBe(403);
    await page.locator('.of-refusal', { hasText: 'the authorizer policy has an explicit deny' }).waitFor();
    expect(await total('refused').textContent()).toBe('1');
  });

  it('sees a message and its answer appear, as plain text', async () => {
    await page.keyboard.press('2');
    client.send('<img src=x onerror="document.title=1">');
    await page.locator('.of-message', { hasText: '<img src=x' }).first().waitFor();
    await page.locator('.of-message', { hasText: 'reply' }).waitFor();
    expect(await page.locator('#main img').count()).toBe(0);
  });

  it('walks through the rows with j and k, opens one with Enter and closes it with Escape', async () => {
    await page.keyboard.press('j');
    const first = await page.evaluate('document.activeElement.textContent');
    await page.keyboard.press('j');
    const second = await page.evaluate('document.activeElement.textContent');
    expect(second).not.toBe(first);
    await page.keyboard.press('k');
    await page.keyboard.press('Enter');
    await page.locator('#detail', { hasText: 'To the client' }).waitFor();
    expect(await page.evaluate('document.activeElement.id')).toBe('detail');
    await page.keyboard.press('Escape');
    await page.locator('#detail').waitFor({ state: 'hidden' });
    expect(await page.evaluate('document.activeElement.textContent')).toBe(first);
  });

  it('filters with /', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type('onerror');
    await page.locator('.of-message', { hasText: 'oneWay' }).waitFor({ state: 'detached' });
    await page.keyboard.type(' and nothing like it');
    await page.getByText('Nothing matches').waitFor();
    await page.getByText('Show everything').click();
    await page.locator('.of-message').nth(1).waitFor();
  });

  it('sees only the rows of a connection after opening it', async () => {
    const other = await connect(`${chat.cloud.webSocketUrl}?token=no-context`);
    other.send('of somebody else');
    await other.next();
    await page.locator('.of-message', { hasText: 'of somebody else' }).first().waitFor();
    await page.keyboard.press('1');
    await page.locator('.of-connection').last().click();
    await page.locator('#detail', { hasText: 'gonzalo' }).waitFor();
    await page.getByText('All messages (2)').click();
    await page.locator('#scope').waitFor();
    expect(await page.locator('.of-message').count()).toBe(2);
    await page.keyboard.press('Escape');
    await page.locator('.of-message', { hasText: 'of somebody else' }).first().waitFor();
    other.socket.close();
  });

  it('pauses with p, and misses nothing', async () => {
    await page.keyboard.press('p');
    await page.locator('#state[data-state=paused]').waitFor();
    client.send('while paused');
    await client.next();
    await client.next();
    expect(await page.locator('.of-message', { hasText: 'while paused' }).count()).toBe(0);
    await page.keyboard.press('p');
    await page.locator('.of-message', { hasText: 'while paused' }).first().waitFor();
  });

  it('sees the keyboard shortcuts with ?', async () => {
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
  });

  it('sees when the local cloud is gone, and then the next one on the same port', async () => {
    const port = Number(new URL(chat.cloud.webSocketUrl).port);
    await chat.close();
    await page.locator('#gone', { hasText: 'The local cloud has stopped.' }).waitFor();
    await page.locator('.of-message', { hasText: 'while paused' }).first().waitFor();
    chat = await startChat({ port });
    await page.locator('#state[data-state=live]').waitFor();
    await page.getByText('No message yet').waitFor();
  });

  it('works without a single complaint of the browser', () => expect(complaints).toEqual([]));
});

describe('The page with a busy shop behind it', withBrowser, () => {
  let story: Story;

  beforeAll(async () => {
    story = await startStory();
  });
  afterAll(() => story?.close());

  it('shows a refusal with the authorizer’s log', async () => {
    const page = await openPage(story.url);
    await page.locator('.of-refusal', { hasText: '3 times' }).click();
    await page.locator('#detail', { hasText: 'INFO handshake refused reason=not-logged-in' }).waitFor();
    await page.context().close();
  });

  it('shows the duration, the start and the log of an invocation', async () => {
    const page = await openPage(story.url);
    await page.locator('[data-total=errors]').click();
    await page.locator('.of-invocation').click();
    const detail = await page.locator('#detail').textContent();
    for (const part of ['AccessDeniedException', '12 ms', 'warm', '71 MB', 'ERROR the table could not be read'])
      expect(detail).toContain(part);
    await page.context().close();
  });

  // It is a button, which centres the lines of a long name.
  it('aligns the name of a client left, like every other value', async () => {
    const page = await openPage(story.url);
    await page.keyboard.press('2');
    await page.locator('.of-message').first().click();
    await page.locator('#detail .link').first().waitFor();
    expect(await page.evaluate("getComputedStyle(document.querySelector('#detail .link')).textAlign")).toBe('left');
    await page.context().close();
  });

  it('hides values that look secret until they are clicked', async () => {
    const page = await openPage(story.url);
    await page.locator('.of-connection').first().click();
    expect(await page.content()).not.toContain('t1.app');
    await page.getByRole('button', { name: 'sessionSeal: hidden, show it' }).click();
    await page.locator('#detail', { hasText: 't1.app.q83v-never-in-a-log' }).waitFor();
    await page.keyboard.press('4');
    await page.locator('.table .row').first().click();
    await page.locator('#detail', { hasText: 'sessionSeal' }).waitFor();
    expect(await page.content()).not.toContain('t1.app');
    await page.context().close();
  });

  it.each([
    ['desktop', 'light', { width: 1280, height: 800 }],
    ['desktop', 'dark', { width: 1280, height: 800 }],
    ['phone', 'light', { width: 390, height: 844 }],
    ['phone', 'dark', { width: 390, height: 844 }],
  ] as const)('fits on a %s, %s', async (name, colorScheme, viewport) => {
    const isPhone = name === 'phone';
    const page = await openPage(story.url, {
      viewport,
      colorScheme,
      hasTouch: isPhone,
      deviceScaleFactor: isPhone ? 2 : 1,
    });
    const shoot = (what: string) =>
      page.screenshot({ path: join(screenshots, `local-page-${name}-${colorScheme}-${what}.png`) });
    for (const view of ['connections', 'messages', 'invocations', 'tables']) {
      await page.locator(`#views [data-view=${view}]`).click();
      await page.locator(`#main .row`).first().waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth'), view).toBe(viewport.width);
      await shoot(view);
      await page
        .locator(view === 'connections' ? '.of-refusal' : '#main .row')
        .first()
        .click();
      await page.locator('#detail').waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth'), view).toBe(viewport.width);
      if (view === 'connections') await shoot('refusal');
      await page.getByRole('button', { name: 'Close' }).click();
    }
    await page.context().close();
  });

  it('works without a single complaint of the browser', () => expect(complaints).toEqual([]));
});
