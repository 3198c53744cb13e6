import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { answerJson, neverAnswer, WebServer } from '../fakes/web-server.ts';
import { phpVersions, withNativePhp } from '../php/php-kinds.ts';
import { ask, callInside, cookieFrom, shared, startTicketApp, type TicketApp } from '../php/ticket-app.ts';

const credentials = { app_id: shared.appId, key: shared.key, secret: shared.secret };
/** Nobody listens there. */
const nowhere = 'http://127.0.0.1:9';

const urlOf = (scheme: 'http' | 'https', { port }: WebServer) => `${scheme}://127.0.0.1:${port}`;

/** Each of the four that ask the gateway, at a URL. The fixture's error handler makes an exception of every warning. */
const calls = (url: unknown, seconds: unknown = 3, given: unknown = credentials) =>
  [
    ['publish', [given, url, 'news', 'e', 1, null, null, seconds]],
    ['close-session', [given, url, 'an-id', '42', seconds]],
    ['close-user', [given, url, 'a/b', seconds]],
    ['rebind', [given, url, 'an-id', 'the-next', '42', null, seconds]],
  ] as const;
const callAll = async (app: TicketApp, ...about: Parameters<typeof calls>) =>
  Promise.all(calls(...about).map(async ([name, given]) => String(await callInside(app, name, given))));

describe.each(phpVersions)('no PHP function throws on $name', (version) => {
  let app: TicketApp;
  let api: WebServer;
  const others: TicketApp[] = [];
  beforeAll(async () => {
    app = await startTicketApp(version, {}, { 'zend.exception_ignore_args': '0' });
    api = await WebServer.start(answerJson({}));
  });
  afterEach(async () => {
    expect(app.complaints).toEqual([]);
    for (const other of others.splice(0)) {
      expect(other.complaints).toEqual([]);
      await other.close();
    }
  });
  afterAll(async () => {
    await app.close();
    await api.close();
  });
  const url = () => api.url('/').origin;
  const withIni = async (ini: Readonly<Record<string, string>>) => {
    const other = await startTicketApp(version, {}, ini);
    others.push(other);
    return other;
  };

  it.each([false, null, true, 42, [], ['https://api.example.com'], {}, '', 'ftp://x', 'https://a:b@api.example.com'])(
    'when the URL is %j, as getenv() says of what is not set',
    async (given) => {
      for (const sentence of await callAll(app, given)) expect(sentence).toContain("the stack's output HttpApiUrl");
    },
  );

  it.each([false, null, 'demo', [], { ...credentials, app_id: false }, { ...credentials, secret: ['x'] }])(
    'when the credentials are %j',
    async (given) => {
      const all = await callAll(app, url(), 3, given);
      all.push(String(await callInside(app, 'authorize-channel', [given, '1.2', 'private-a'])));
      all.push(String(await callInside(app, 'authorize-user', [given, '1.2', { userId: '42' }])));
      for (const sentence of all)
        expect(sentence).toMatch(/^(The credentials are|The setting|There is no setting) .*\.$/);
    },
  );

  it.each([null, false, 'soon', [], 0, -1, 1e9])('when it may take %j seconds', async (seconds) => {
    for (const sentence of await callAll(app, url(), seconds)) expect(sentence).toContain('The seconds after which');
  });

  // An empty id was once closed, without a socket found: null, and every tab stayed open.
  it.each(['', false, null, 7, [], ['an-id'], 'a b', 'é', 'x'.repeat(513), 'id\n'])(
    'when the session id is %j, and it never says that this is closed',
    async (id) => {
      const about = 'session id is not 1 to 512 plain characters';
      expect(await callInside(app, 'close-session', [credentials, url(), id, 'ada'])).toContain(about);
      expect(await callInside(app, 'rebind', [credentials, url(), id, 'b', 'ada'])).toContain(`The old ${about}`);
      expect(await callInside(app, 'rebind', [credentials, url(), 'a', id, 'ada'])).toContain(`The new ${about}`);
      expect(api.requests).toEqual([]);
    },
  );

  it.each([false, [], ['42'], '', 'a\nb', 'x'.repeat(129)])('when the user id is %j', async (id) => {
    for (const [name, given] of [
      ['close-user', [credentials, url(), id]],
      ['close-session', [credentials, url(), 'an-id', id]],
      ['rebind', [credentials, url(), 'an-id', 'b', id]],
    ] as const) {
      expect(await callInside(app, name, given)).toContain('The user id is not');
    }
  });

  it.each([
    ['a channel', [[false], 'e', 1], 'A channel is not a string but boolean.'],
    ['a channel in a list', [[['news', ['x']]], 'e', 1], 'A channel is not a string but array.'],
    ['no channel', [null, 'e', 1], 'A channel is not a string but null.'],
    ['an event', ['news', false, 1], "The event's name is not a string but boolean."],
    ['a socket id', ['news', 'e', 1, ['1.2']], 'The socket id is not a string but array.'],
    ['an idempotency key', ['news', 'e', 1, null, false], 'The idempotency key is not a string but boolean.'],
  ])('when %s to publish is none', async (_, given, sentence) => {
    const flat = Array.isArray(given[0]) && given[0][0] === false ? [false, ...given.slice(1)] : given;
    expect(await callInside(app, 'publish', [credentials, url(), ...flat])).toBe(sentence);
  });

  it('and accepts numbers as ids, as text', async () => {
    const before = api.requests.length;
    expect(await callInside(app, 'close-user', [credentials, url(), 42])).toBeNull();
    expect(api.requests[before]?.url).toContain('/users/42/');
  });

  it('when the data cannot be written as JSON', async () => {
    const sentences = (await callInside(app, 'publish-odd', [credentials, nowhere])) as string[];
    for (const sentence of sentences.slice(0, -1)) expect(sentence).toMatch(/^It cannot be written as JSON: .*\.$/);
    expect(sentences.at(-1)).toMatch(
      /^An exception of the app stopped it: RuntimeException in .*inside\.php line \d+\.$/,
    );
  });

  it('and a trace of the app’s code that it calls has no secret argument, whatever the settings', async () => {
    const traces = (await callInside(app, 'traces', [])) as Record<string, [string, string]>;
    for (const [name, [sentence, trace]] of Object.entries(traces)) {
      expect(sentence).toContain('RuntimeException');
      expect(sentence).not.toContain('hunter2');
      expect(trace).toContain(name);
      expect(trace).not.toContain(shared.secret);
    }
  });

  it.each([
    ['socket_id[]=1.2&channel_name=presence-office'],
    ['socket_id=1.2&channel_name[]=presence-office'],
    ['socket_id[a][b]=1.2&channel_name[]='],
    ['socket_id=1.2%00&channel_name=presence-office'],
    [''],
  ])('when a visitor sends %j to the endpoint of the documentation, which answers 403', async (body) => {
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': String(Buffer.byteLength(body)),
    };
    const cookie = await cookieFrom(app, '/login');
    const answer = await ask(app, { path: '/pusher/auth', method: 'POST', cookie, headers, body });
    expect(answer).toMatchObject({ status: 403, body: 'null' });
  });

  it('when the credentials are wrong there, and it answers 500 with the reason only in the log', async () => {
    const broken = await startTicketApp(version, { SESSION_SOCKET_SECRET: '' });
    const body = 'socket_id=1.2&channel_name=presence-office';
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(body.length) };
    const cookie = await cookieFrom(broken, '/login');
    const answer = await ask(broken, { path: '/pusher/auth', method: 'POST', cookie, headers, body });
    expect(answer).toMatchObject({ status: 500, body: 'null' });
    expect(await broken.nextComplaint()).toContain('Not signed: The setting secret is missing');
    await broken.close();
  });

  it('when stream_socket_client is disabled, and it uses curl, or reports that', async () => {
    const other = await withIni({ disable_functions: 'stream_socket_client' });
    for (const sentence of await callAll(other, nowhere))
      expect(sentence).toMatch(/did not answer|cannot send a request/);
    const alone = await withIni({ disable_functions: 'stream_socket_client,curl_exec' });
    for (const sentence of await callAll(alone, url())) expect(sentence).toContain('This PHP cannot send a request');
  });

  it.each(['usleep', 'usleep,random_int,microtime', 'mt_srand,hrtime,set_time_limit,ini_set,error_log'])(
    'where hosts disable %s, and it still tries again',
    async (names) => {
      const other = await withIni({ disable_functions: names, allow_url_fopen: '0' });
      let turn = 0;
      api.mood = (request, response) => answerJson({}, turn++ === 0 ? 503 : 200)(request, response);
      expect(await callInside(other, 'publish', [credentials, url(), 'news', 'e', 1])).toBeNull();
      expect(turn).toBe(2);
      api.mood = answerJson({});
    },
  );

  it.each(['hash_hmac', 'random_bytes', 'hash_hkdf'])('when %s is disabled, and it reports that', async (name) => {
    const other = await withIni({ disable_functions: name });
    const all = await callAll(other, url());
    all.push(String(await callInside(other, 'authorize-channel', [credentials, '1.2', 'private-a'])));
    for (const sentence of all) {
      expect(sentence).toBe(`This PHP has no function ${name}(): take it out of disable_functions in php.ini.`);
    }
  });

  it('when openssl cannot encrypt, and only functions that need a ticket report that', async () => {
    const other = await withIni({ disable_functions: 'openssl_encrypt' });
    const [published, closed, closedUser, rebound] = await callAll(other, url(), 60);
    expect([published, closed, closedUser]).toEqual(['null', 'null', 'null']);
    expect(rebound).toContain('Tickets need the extension openssl');
  });

  it('when random bytes are not available', async () => {
    const sentences = (await callInside(app, 'without', ['', true, credentials, url()])) as string[];
    expect(sentences.map((sentence) => sentence === null)).toEqual([false, true, true, false]);
  });
});

// WebAssembly has no network of its own, so causes are told apart by native PHP, by its streams and by curl.
describe('reports why there was no answer', withNativePhp, () => {
  const [native] = phpVersions;
  const read = (kind: string) => readFileSync(new URL(`../fixtures/tls/this-machine.${kind}`, import.meta.url), 'utf8');
  let api: WebServer;
  let foreign: WebServer;
  beforeAll(async () => {
    api = await WebServer.start(neverAnswer);
    foreign = await WebServer.start(answerJson({}), { key: read('key'), cert: read('cert') });
  });
  afterAll(async () => {
    await api.close();
    await foreign.close();
  });

  describe.each([
    ['PHP’s streams', {}],
    ['curl', { disable_functions: 'stream_select' }],
    ['PHP’s streams under open_basedir', { open_basedir: '.:/tmp:/nowhere', 'pcre.jit': '0' }],
  ] as const)('by %s', (_, ini) => {
    let app: TicketApp;
    beforeAll(async () => {
      if (native === undefined) throw new Error('There is no PHP.');
      app = await startTicketApp(native, {}, ini);
    });
    afterAll(async () => {
      expect(app.complaints).toEqual([]);
      await app.close();
    });
    const at = (port: number): string => `127.0.0.1:${port}`;

    it.each([
      ['refused', (): string => nowhere, '127.0.0.1:9 refused the connection'],
      ['timed out', (): string => urlOf('http', api), () => `${at(api.port)} timed out`],
      ['timed out in TLS', (): string => urlOf('https', api), () => `${at(api.port)} `],
      ['unknown host', (): string => 'https://api.invalid', 'api.invalid is an unknown host'],
      [
        'bad certificate',
        (): string => urlOf('https', foreign),
        () => `the certificate of ${at(foreign.port)} is not accepted`,
      ],
    ] as const)('%s', async (cause, given, words) => {
      // Only where no answer comes the time has to end; elsewhere a busy machine may take its own.
      const seconds = cause.startsWith('timed out') ? 1 : 60;
      for (const sentence of await callAll(app, given(), seconds)) {
        expect(sentence).toContain('The HTTP API did not answer: ');
        expect(sentence).toContain(typeof words === 'string' ? words : words());
        expect(sentence).not.toContain(shared.secret);
      }
      expect(foreign.requests).toEqual([]);
    });

    it.each([
      ['the home page', 'text/html', '<!doctype html><title>Home</title>', undefined],
      ['another API', 'application/json', '{"status":"ok"}', undefined],
      ['nothing', 'application/json', '', undefined],
      ['half a megabyte', 'text/html', 'x'.repeat(500_000), undefined],
    ])('treats %s with 200 as another page', async (_, type, body) => {
      api.mood = (request, response) =>
        void request.resume().on('end', () => response.writeHead(200, { 'content-type': type }).end(body));
      for (const sentence of await callAll(app, urlOf('http', api), 60)) {
        expect(sentence).toContain(`${at(api.port)} answered 200, but not as the HTTP API does`);
      }
      api.mood = neverAnswer;
    });

    it('accepts an answer in chunks, and with 20 KB of headers', async () => {
      api.mood = (request, response) =>
        void request.resume().on('end', () => {
          response.setHeader('x-tags', 'x'.repeat(14_000)).write('{');
          response.end('}');
        });
      for (const sentence of await callAll(app, urlOf('http', api))) expect(sentence).toBe('null');
      api.mood = neverAnswer;
    });
  });

  it('uses curl when PHP has no TLS, and checks the certificate as well', async () => {
    if (native === undefined) throw new Error('There is no PHP.');
    const app = await startTicketApp(native);
    const given = ['openssl', false, credentials, foreign.url('/').origin];
    for (const sentence of (await callInside(app, 'without', given)) as string[]) {
      expect(sentence).toContain('the certificate of');
    }
    await app.close();
  });
});

// PHP before 8.2 ignores the attribute; there only our own code runs below what is secret.
const marking = phpVersions.filter(({ wasmVersion }) => wasmVersion !== '7.4');
describe.each(marking)('On $name', (version) => {
  it('nothing secret is in a trace from inside, whatever the settings', async () => {
    const app = await startTicketApp(version, {}, { 'zend.exception_ignore_args': '0' });
    const traces = (await callInside(app, 'deep-traces', [])) as string[];
    expect(traces.length).toBeGreaterThanOrEqual(4);
    for (const trace of traces) {
      expect(trace).toContain('SensitiveParameterValue');
      for (const secret of [shared.secret, 'id-of-the', 'the-cookie', 'auth_signature']) {
        expect(trace).not.toContain(secret);
      }
    }
    await app.close();
  });
});
