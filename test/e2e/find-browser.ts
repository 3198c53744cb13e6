import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import type { Need } from '../needs.ts';

interface Browser {
  readonly path: string;
  /** Names fonts, where there may be none: without any, text has no size, and nothing is visible. */
  readonly fontConfig?: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    browser: Browser | Need;
  }
}

const systemBrowsers = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

const packages = join(import.meta.dirname, '..', '..', 'node_modules');

/**
 * Finds the browser for all test files before the first of them starts: the system's Chromium or Chrome, else the one
 * that an npm package has packed.
 */
export async function setup({ provide }: TestProject): Promise<void> {
  const installed = systemBrowsers.find((path) => existsSync(path));
  provide('browser', installed === undefined ? await unpack() : { path: installed });
}

/** @returns why no browser can run on this machine, where none can. @throws when one could and does not */
async function unpack(): Promise<Browser | Need> {
  const lack = (missing: string): Need => ({ name: 'browser', missing, packages: ['chromium'] });
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return lack('There is no Chromium and no Chrome, and the packed one is for Linux on x64.');
  const { version } = JSON.parse(await readFile(join(packages, '@sparticuz/chromium/package.json'), 'utf8'));
  const folder = join(packages, '.cache', `chromium-${version}`);
  if (!existsSync(folder)) await unpackInto(folder);
  const path = join(folder, 'chromium');
  try {
    await promisify(execFile)(path, ['--version']);
    return { path, fontConfig: await configureFonts(folder) };
  } catch (error) {
    const [library] = /lib[\w.-]+\.so[\d.]*(?=: cannot open shared object file)/.exec(String(error)) ?? [];
    if (library === undefined) throw error;
    return lack(`There is no Chromium and no Chrome, and the packed one misses the system library ${library}.`);
  }
}

/** Once for all runs: it takes seconds. Another run may do the same at this moment. */
async function unpackInto(folder: string): Promise<void> {
  const { TMPDIR } = process.env;
  await mkdir(join(folder, '..'), { recursive: true });
  // In a new folder, because files that exist count as unpacked, even half-written ones.
  const own = await mkdtemp(`${folder}-`);
  process.env['TMPDIR'] = own;
  try {
    const { default: packed } = await import('@sparticuz/chromium');
    await packed.executablePath();
    await rename(own, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY') throw error;
    });
  } finally {
    if (TMPDIR === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = TMPDIR;
    await rm(own, { recursive: true, force: true });
  }
}

/** Its own configuration looks into /tmp and nowhere else. @returns a file for FONTCONFIG_FILE */
async function configureFonts(unpacked: string): Promise<string> {
  const file = join(unpacked, 'fonts.conf');
  const folders = `<dir>${join(unpacked, 'fonts')}</dir><cachedir>${join(unpacked, 'fonts-cache')}</cachedir>`;
  await writeFile(file, `<?xml version="1.0"?><fontconfig>${folders}</fontconfig>`);
  return file;
}
