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

export async function launch(more: readonly string[] = []): Promise<Browser> {
  if ('missing' in choice) throw new Error(choice.missing);
  return chromium.launch({ executablePath: choice.path, args: [...flags, ...more] });
}
