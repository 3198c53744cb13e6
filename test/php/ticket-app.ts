import { EventEmitter, once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { deriveCredentials, signRequest } from '../../functions/core/keys/credentials.ts';
import { type PhpServer, startPhpServer } from '../../serve/php-server.ts';
import type { PhpVersion } from './php-kinds.ts';

export const shared = { appId: 'demo-app', key: 'demo-key', secret: 'open sesame' };
export const nowSeconds = () => Math.floor(Date.now() / 1000);

/** The fixture app, and what PHP complains about. */
export interface TicketApp extends PhpServer {
  /** Those that no test has asked for. */
  readonly complaints: readonly string[];
  /** The next line of PHP's error log: it may come after the answer. */
  nextComplaint(): Promise<string>;
}

export async function startTicketApp(
  { prefer, wasmVersion }: PhpVersion,
  environment: Readonly<Record<string, string>> = {},
  ini: Readonly<Record<string, string>> = {},
  router = 'test/fixtures/ticket-app/index.php',
): Promise<TicketApp> {
  const complaints: string[] = [];
  const log = new EventEmitter();
  const server = await startPhpServer({
    root: '.',
    router,
    port: 0,
    environment: {
      SESSION_SOCKET_APP_ID: shared.appId,
      SESSION_SOCKET_KEY: shared.key,
      SESSION_SOCKET_SECRET: shared.secret,
      ...environment,
    },
    ini,
    prefer,
    ...(wasmVersion && { wasmVersion }),
    log(lines) {
      complaints.push(...lines.split('\n')); // the WebAssembly PHP tells all of a request at once
      log.emit('line');
    },
  });
  const nextComplaint = async () => {
    if (complaints.length === 0) await once(log, 'line');
    return complaints.shift() ?? '';
  };
  return Object.assign(server, { complaints, nextComplaint });
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Question {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookie?: string;
  readonly body?: string;
}

/** With every header as given, Host and Origin too, which `fetch` keeps for itself. */
export async function ask(app: Pick<TicketApp, 'url'>, question: Question = {}): Promise<Answer> {
  const { path = '/getSessionID', method = 'GET', headers = {}, cookie, body } = question;
  const asking = request(app.url + path, {
    method,
    agent: false,
    headers: { ...(cookie !== undefined && { cookie }), ...headers },
  });
  asking.on('error', () => {}); // of what comes after the whole answer; `once` tells of one before it
  asking.end(body);
  const [response] = await once(asking, 'response');
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

export interface GatewayQuestion extends Question {
  readonly secret?: string;
  readonly time?: number;
  /** What the ticket said of the browser. */
  readonly address?: string;
  readonly agent?: string;
}

export const askAsGateway = (app: TicketApp, question: GatewayQuestion = {}): Promise<Answer> =>
  ask(app, { ...question, headers: { ...question.headers, ...signedHeaders(question) } });

/** The signature, and what else it is over. */
function signedHeaders({ address, agent, ...question }: GatewayQuestion): Record<string, string> {
  const encoded = agent === undefined ? undefined : Buffer.from(agent, 'latin1').toString('base64url');
  return {
    'X-Session-Socket': signatureFor({ ...question, ...(address && { address }), ...(encoded && { agent: encoded }) }),
    ...(address && { 'X-Session-Socket-Address': address }),
    ...(encoded && { 'X-Session-Socket-Agent': encoded }),
  };
}

export function signatureFor({
  path = '/getSessionID',
  cookie = '',
  secret = shared.secret,
  ...rest
}: GatewayQuestion) {
  const { time = nowSeconds(), address, agent } = rest;
  const credentials = deriveCredentials({ ...shared, secret });
  return signRequest(credentials, { method: 'GET', pathAndQuery: path, time, cookieHeader: cookie, address, agent });
}

/** The session cookie as a browser sends it back. */
export async function cookieFrom(app: TicketApp, path: string, headers = {}): Promise<string> {
  const { headers: answered } = await ask(app, { path, headers });
  return String(answered['set-cookie']).split(';')[0] ?? '';
}

export const idIn = (cookie: string) => cookie.slice('PHPSESSID='.length);

/** Calls a function of the PHP file itself. */
export async function callInside(app: TicketApp, name: string, value: unknown): Promise<unknown> {
  const body = JSON.stringify(value);
  const headers = { 'content-length': String(Buffer.byteLength(body)) };
  return JSON.parse((await ask(app, { path: `/inside?call=${name}`, method: 'POST', headers, body })).body);
}
