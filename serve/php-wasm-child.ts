import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { MountHandler, PHP, PHPResponse, PHPRunOptions } from '@php-wasm/universal';
import { keepAliveMs } from '../local/http/loopback.ts';
import type { WasmPhpMessage, WasmPhpSettings } from './php-wasm.ts';
import { startWasmNetwork } from './php-wasm-network.ts';

/** The child process of php-wasm.ts: one PHP behind a small HTTP server. Requests queue. The front controller gets all of them. */

const BUILDS = {
  '7.4': () => import('@php-wasm/node-7-4'),
  '8.4': () => import('@php-wasm/node-8-4'),
  '8.5': () => import('@php-wasm/node-8-5'),
};
const APP = '/app';
const SESSIONS = '/sessions';
const MAX_BODY_BYTES = 1_000_000;

process.on('disconnect', () => process.exit());
const settings: WasmPhpSettings = (await once(process, 'message'))[0];
try {
  const { php, version } = await loadPhp(settings);
  const server = createServer((request, response) => {
    answer(php, request, response).catch((error: Error & { response?: PHPResponse }) => {
      // For an error of PHP, logs only stderr, because the message contains the whole page.
      sendToParent({ log: error.response ? error.response.errors.trim() : error.message });
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  server.keepAliveTimeout = keepAliveMs;
  server.listen(settings.port, '127.0.0.1');
  await once(server, 'listening');
  sendToParent({ ready: `PHP ${version} (WebAssembly)` });
} catch (error) {
  sendToParent({ failed: sentence(error as NodeJS.ErrnoException) });
  process.disconnect();
}

async function loadPhp(settings: WasmPhpSettings): Promise<{ php: PHP; version: string }> {
  const { root, sessions, environment, ini, wasmVersion } = settings;
  const universal = await import('@php-wasm/universal');
  const { getPHPLoaderModule, jspi } = await BUILDS[wasmVersion]();
  const loader = await getPHPLoaderModule();
  const phpWasmAsyncMode = (await jspi()) ? 'jspi' : 'asyncify';
  const websocket = await startWasmNetwork();
  const load = () => universal.loadPHPRuntime(loader, { phpWasmAsyncMode, ENV: environment, websocket });

  const php = new universal.PHP(await load());
  for (const [folder, path] of Object.entries({ [APP]: root, [SESSIONS]: sessions })) {
    php.mkdir(folder);
    await php.mount(folder, hostFolder(path));
  }
  await universal.setPhpIniEntries(php, {
    'session.save_handler': 'files',
    'session.save_path': SESSIONS,
    expose_php: '0',
    display_errors: '0',
    log_errors: '1',
    ...ini,
  });
  php.enableRuntimeRotation({ recreateRuntime: load }); // WebAssembly memory only ever grows
  const { text: version } = await php.run({ code: '<?php echo PHP_VERSION;' });
  return { php, version };
}

function hostFolder(path: string): MountHandler {
  return (_php, fs, folder) => {
    fs.mount(fs.filesystems.NODEFS, { root: path }, folder);
    return () => fs.unmount(folder);
  };
}

async function answer(php: PHP, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) {
      response.writeHead(413).end();
      return;
    }
    body.push(chunk);
  }
  const { httpStatusCode, headers, bytes: page, errors } = await php.run(toPhp(request, Buffer.concat(body)));
  if (errors) sendToParent({ log: errors.trim() });
  response.writeHead(httpStatusCode, headers);
  response.end(page);
}

function toPhp(request: IncomingMessage, body: Buffer): PHPRunOptions {
  const uri = request.url ?? '/';
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) headers[name] = String(value);
  return {
    scriptPath: `${APP}/${settings.router}`,
    relativeUri: uri,
    method: request.method ?? 'GET',
    headers,
    body,
    $_SERVER: {
      DOCUMENT_ROOT: APP,
      REMOTE_ADDR: request.socket.remoteAddress ?? '',
      ...basicCredentials(request.headers.authorization),
    },
  };
}

/** PHP's own servers parse the Authorization header, this one does not. */
function basicCredentials(authorization = ''): Record<string, string> {
  const [scheme = '', encoded = ''] = authorization.split(' ', 2);
  const decoded = Buffer.from(encoded, 'base64').toString();
  const colon = decoded.indexOf(':');
  if (scheme.toLowerCase() !== 'basic' || colon < 0) return {};
  return { PHP_AUTH_USER: decoded.slice(0, colon), PHP_AUTH_PW: decoded.slice(colon + 1) };
}

function sendToParent(message: WasmPhpMessage): void {
  if (process.connected) process.send?.(message);
}

function sentence(error: NodeJS.ErrnoException): string {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') return `The WebAssembly PHP did not start: ${error.message}`;
  return 'The WebAssembly PHP is not installed. Install PHP, or: npm i --no-save @php-wasm/universal@3.1.54 @php-wasm/node-8-4@3.1.54';
}
