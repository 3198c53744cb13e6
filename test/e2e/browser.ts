import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { promisify } from 'node:util';
import { type Browser, chromium } from 'playwright-core';

const run = promisify(execFile);

const systemBrowsers = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

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

export interface BrowserChoice {
  readonly path: string;
  readonly flags: readonly string[];
}

/** The system's Chromium or Chrome, else the one that an npm package ships; or why neither runs here. */
export async function findBrowser(): Promise<BrowserChoice | { readonly missing: string }> {
  for (const path of systemBrowsers) {
    if (await exists(path)) return { path, flags };
  }
  const { default: packaged } = await import('@sparticuz/chromium');
  const path = await packaged.executablePath();
  try {
    await run(path, ['--version'], { timeout: 20_000 });
  } catch (error) {
    const { stderr = String(error) } = error as { stderr?: string };
    const library = /lib[\w.-]+\.so[\d.]*/.exec(stderr)?.[0];
    const why = library === undefined ? stderr.trim().slice(0, 300) : `the system library ${library} is missing`;
    return { missing: `No browser runs here: ${why}. Install Chromium (Debian: apt-get install chromium).` };
  }
  return { path, flags: [...packaged.args, ...flags] };
}

export function launch({ path, flags }: BrowserChoice): Promise<Browser> {
  return chromium.launch({ executablePath: path, args: [...flags] });
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
