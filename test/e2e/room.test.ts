import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTicketDemo, type TicketDemo } from '../gateway/ticket-demo.ts';
import { createApi } from '../protocol/http-api-client.ts';
import { launch, withBrowser } from './browser.ts';

const screenshots = join(import.meta.dirname, '..', 'output');

describe('Two people in the room, each with a browser', withBrowser, () => {
  let demo: TicketDemo;
  let browser: Browser;
  let gonzalo: Page;
  let maria: Page;

  beforeAll(async () => {
    demo = await startTicketDemo();
    // PHP waits three seconds for what it publishes; the first start of the function may take as long on a busy
    // machine.
    await createApi(demo.apiUrl, demo.credentials)('POST', '/events', { name: 'first', channel: 'nobody', data: '' });
    browser = await launch();
    await mkdir(screenshots, { recursive: true });
    [gonzalo, maria] = [await enter('gonzalo'), await enter('maria')];
  });

  afterAll(async () => {
    await browser?.close();
    await demo?.close();
    expect(demo?.complaints).toEqual([]);
  });

  const enter = async (username: string) => {
    const context = await browser.newContext({
      httpCredentials: { username, password: 'password', origin: demo.pageUrl },
      viewport: { width: 640, height: 900 },
      colorScheme: 'light',
    });
    const page = await context.newPage();
    await page.goto(`${demo.pageUrl}/login`);
    await page.getByTestId('people').getByText(nameOf(username)).waitFor();
    return page;
  };
  const nameOf = (username: string) => username.replace(/^./, (letter) => letter.toUpperCase());
  const people = (page: Page) => page.getByTestId('people').locator('li').allTextContents();
  const messages = (page: Page) => page.getByTestId('messages').locator('li');
  const say = async (page: Page, text: string) => {
    await page.getByLabel('Say something').fill(text);
    await page.getByRole('button', { name: 'Send' }).click();
  };

  it('see each other', async () => {
    for (const page of [gonzalo, maria]) {
      await expect.poll(async () => (await people(page)).sort()).toEqual(['Gonzalo', 'Maria']);
    }
  });

  it('see that the other types, from browser to browser', async () => {
    await maria.getByLabel('Say something').pressSequentially('Hi');
    await gonzalo.getByTestId('typing').getByText('Maria is typing…').waitFor();
    expect(await maria.getByTestId('typing').textContent()).toBe('');
  });

  it('get each message once, the other’s and their own, through PHP', async () => {
    await say(maria, 'Hi, Gonzalo! <3');
    await say(gonzalo, 'Hello, Maria.');
    for (const page of [gonzalo, maria]) {
      await messages(page).nth(1).waitFor();
      expect((await messages(page).allTextContents()).sort()).toEqual(['GonzaloHello, Maria.', 'MariaHi, Gonzalo! <3']);
    }
  });

  it('see a readable room, side by side and on a phone', async () => {
    await maria.getByLabel('Say something').pressSequentially('How');
    await gonzalo.getByTestId('typing').getByText('Maria is typing…').waitFor();
    const clip = { x: 0, y: 0, width: 640, height: 570 };
    const shots = [await gonzalo.screenshot({ clip }), await maria.screenshot({ clip })];
    const images = shots.map((shot) => `<img src="data:image/png;base64,${shot.toString('base64')}">`);
    const both = await browser.newPage({ viewport: { width: 1328, height: 602 } });
    await both.setContent(
      `<body style="margin:0;padding:16px;display:flex;gap:16px;background:#d9d6cb">${images.join('')}</body>`,
    );
    await both.screenshot({ path: join(screenshots, 'room.png') });
    await both.close();
    await maria.setViewportSize({ width: 375, height: 812 });
    await maria.screenshot({ path: join(screenshots, 'room-phone.png') });
    expect(await maria.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(375);
    await maria.setViewportSize({ width: 640, height: 900 });
  });

  it('are listed once, however many tabs they have, until the last is closed', async () => {
    const tab = await maria.context().newPage();
    await tab.goto(`${demo.pageUrl}/private`);
    await expect.poll(async () => (await people(tab)).sort()).toEqual(['Gonzalo', 'Maria']);
    expect((await people(gonzalo)).sort()).toEqual(['Gonzalo', 'Maria']);
    await tab.close();
    await say(gonzalo, 'Still there?');
    await messages(maria).getByText('Still there?').waitFor();
    expect((await people(gonzalo)).sort()).toEqual(['Gonzalo', 'Maria']);
  });

  it('leave the room when their session ends', async () => {
    await maria.getByTestId('logout').click();
    await expect.poll(() => people(gonzalo)).toEqual(['Gonzalo']);
  });
});
