import { type Browser, chromium } from 'playwright-core';
import { inject } from 'vitest';
import { needs } from '../needs.ts';

const choice = inject('browser');

/** Options of a suite that opens one. */
export const withBrowser = needs('missing' in choice ? choice : undefined);

/** A page on loopback is all it needs, so nothing of the browser's own may call home. */
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A busy machine, which many processes share, starts a browser in more than Playwright's half a minute. */
const patienceMs = 120_000;

export async function launch(more: readonly string[] = []): Promise<Browser> {
  if ('missing' in choice) throw new Error(choice.missing);
  const { path, fontConfig } = choice;
  const browser = await chromium.launch({
    executablePath: path,
    args: [...flags, ...more],
    env: { ...process.env, ...(fontConfig !== undefined && { FONTCONFIG_FILE: fontConfig }) },
    timeout: patienceMs,
  });
  browser.on('context', (context) => context.setDefaultTimeout(patienceMs));
  return browser;
}
