import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import type { EventStream } from './event-stream.ts';
import { type ScanTables, writeTables } from './tables.ts';

/** Answers requests for the page. @returns false, without an answer, for any other request */
export type Page = (request: IncomingMessage, response: ServerResponse) => boolean;

export const pagePath = '/_local';

/** Whether a URL belongs to the page. Web pages may request only these, and only from the page itself. */
export function isPageUrl(url: string): boolean {
  return /^\/_local(?:[/?]|$)/.test(url);
}

interface PageFile {
  readonly type: string;
  read(): Promise<string>;
}

const pageFile = (name: string) => fileURLToPath(new URL(`./page/${name}`, import.meta.url));
const html: PageFile = { type: 'text/html; charset=utf-8', read: () => readFile(pageFile('page.html'), 'utf8') };
const files: ReadonlyMap<string, PageFile> = new Map([
  [pagePath, html],
  [`${pagePath}/`, html],
  [`${pagePath}/icon.svg`, { type: 'image/svg+xml', read: () => readFile(pageFile('icon.svg'), 'utf8') }],
  [`${pagePath}/page.css`, { type: 'text/css; charset=utf-8', read: async () => bundle('page.css') }],
  // Resolves to page.ts in the checkout, page.js in the npm package.
  [`${pagePath}/page.js`, { type: 'text/javascript; charset=utf-8', read: async () => bundle('page') }],
]);

/** Bundles on each request, so that a reload shows the edited page. */
function bundle(entry: string): string {
  // Synchronous, because the asynchronous API keeps esbuild's process running.
  const { outputFiles } = buildSync({
    entryPoints: [pageFile(entry)],
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'esm',
    charset: 'utf8',
    logLevel: 'warning',
  });
  return outputFiles[0]?.text ?? '';
}
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  // A message may be `<script>`. With this directive the browser rejects every conversion of text to HTML.
  // https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Content-Security-Policy/require-trusted-types-for
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const headers = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': contentSecurityPolicy,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

export function createPage(stream: EventStream, scanTables: ScanTables | undefined): Page {
  return (request, response) => {
    const [path = ''] = (request.url ?? '').split('?');
    const file = files.get(path);
    const isEvents = path === `${pagePath}/events`;
    const isTables = path === `${pagePath}/tables`;
    if (file === undefined && !isEvents && !isTables) return false;

    if (request.method !== 'GET') {
      response.writeHead(405, { ...headers, Allow: 'GET' }).end();
      return true;
    }
    if (isEvents) {
      response.writeHead(200, { ...headers, 'Content-Type': 'text/event-stream' });
      stream.open(response);
      return true;
    }
    const body = file === undefined ? writeTables(scanTables) : file.read();
    body.then(
      (text) => response.writeHead(200, { ...headers, 'Content-Type': file?.type ?? 'application/json' }).end(text),
      () => response.writeHead(500, headers).end(),
    );
    return true;
  };
}
