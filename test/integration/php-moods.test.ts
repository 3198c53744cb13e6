import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deriveCredentials, hashSessionId } from '../../functions/core/keys/credentials.ts';
import { signRequest } from '../../functions/core/keys/gateway-signature.ts';
import type { AuthorizerEnvironment } from '../../functions/edge/environment-variables.ts';
import { bundleOptions } from '../../lib/bundle.ts';
import { connectionId, handshakeEvent, methodArn, origin, sessionId, userAgent } from '../fakes/events.ts';
import { type Invocation, Lambda } from '../fakes/lambda.ts';
import { sayNo } from '../fakes/signed-asker.ts';
import { contents, cookieHeader, sealTicket } from '../fakes/ticket.ts';
import { answerJson, hangUp, type Mood, neverAnswer, WebServer } from '../fakes/web-server.ts';

/*
 * The authorizer as it is deployed, bundle and all, against PHP in every mood that it may have. Whatever PHP does, the
 * outcome is one of four, it is told in at most one line, and nothing that is worth stealing is in that line.
 */

const credentials = deriveCredentials({ appId: 'demo-app', key: 'demo-key', secret: 'open sesame' });
const timeoutMs = 400;
const html = '<h1>hidden page</h1>';

let folder: string;
let secretsManager: WebServer;
let php: WebServer;
const lambdas: Lambda[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'php-moods-'));
  buildSync({ ...bundleOptions('authorizer'), outfile: join(folder, 'authorizer.cjs') });
  secretsManager = await WebServer.start(
    answerJson({ SecretString: JSON.stringify({ ...credentials, derived: undefined }) }),
  );
});
afterAll(async () => {
  await secretsManager.close();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  php = await WebServer.start(answerJson(sessionId));
});
afterEach(async () => {
  await Promise.all(lambdas.splice(0).map((lambda) => lambda.stop()));
  await php.close();
});

type Settings = Partial<AuthorizerEnvironment> & { readonly [lambdas: string]: string };

async function startAuthorizer(settings: Settings = {}): Promise<Lambda> {
  const environment = {
    SESSION_ENDPOINT: php.url('/getSessionID').href,
    SESSION_MODE: 'session-id',
    SESSION_TIMEOUT_MS: String(timeoutMs),
    TOKEN_FROM: 'query',
    SESSION_CHECK: 'always',
    COOKIE_NAME: 'PHPSESSID',
    COOKIES: 'PHPSESSID',
    ALLOWED_ORIGINS: origin,
    ALLOW_MISSING_ORIGIN: 'no',
    APP_ID: 'demo-app',
    KEY: 'demo-key',
    CREDENTIALS_SECRET_ARN: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:x',
  } satisfies AuthorizerEnvironment;
  const lambda = await Lambda.start(join(folder, 'authorizer.cjs'), {
    ...environment,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'aws-secret',
    AWS_SESSION_TOKEN: 'aws-session',
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager.url().href,
    ...settings,
  });
  lambdas.push(lambda);
  return lambda;
}

type Outcome = 'accepted' | 'refused' | 'unavailable' | 'misconfigured';

/** The whole of what a handshake may come to: its policy or error, its one line, and its silence about the rest. */
function expectOutcome(handshake: Invocation, outcome: Outcome, reason?: string | RegExp): void {
  for (const secret of [sessionId, 'PHPSESSID=', 'sesame', 'aws-secret', 'aws-session', 'hidden']) {
    expect(handshake.output).not.toContain(secret);
  }
  const told = handshake.lines.map(({ level, message }) => [level, message]);
  if (outcome === 'accepted') {
    expect(handshake.result).toMatchObject(policy('Allow'));
    expect(told).toEqual([]);
    return;
  }
  if (outcome === 'refused') {
    expect(handshake.result).toEqual({ principalId: 'nobody', ...policy('Deny') });
    expect(told).toEqual([['INFO', 'handshake refused']]);
    expect(handshake.lines[0]).toMatchObject({ HandshakeRefused: 1, _aws: metric('HandshakeRefused') });
  } else {
    const count = outcome === 'unavailable' ? 'HandshakeUnavailable' : 'HandshakeMisconfigured';
    expect(handshake.error).toMatchObject({ name: 'SessionCheckFailed' });
    expect(told).toEqual([['ERROR', `session check ${outcome}`]]);
    expect(handshake.lines[0]).toMatchObject({ [count]: 1, _aws: metric(count) });
  }
  expect(handshake.lines[0]).toMatchObject({ connectionId, reason: expect.stringMatching(reason ?? '') });
}

function policy(Effect: 'Allow' | 'Deny') {
  const Statement = [{ Action: 'execute-api:Invoke', Effect, Resource: methodArn }];
  return { policyDocument: { Version: '2012-10-17', Statement } };
}

function metric(Name: string) {
  const Metrics = [{ Name, Unit: 'Count' }];
  return {
    Timestamp: expect.any(Number),
    CloudWatchMetrics: [{ Namespace: 'SessionSocket', Dimensions: [['service']], Metrics }],
  };
}

function answer(status: number, headers: Record<string, string> = {}, body = html): Mood {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'text/html', ...headers }).end(body);
  };
}

/** Writes these very bytes and hangs up. */
function bytes(text: string): Mood {
  return (request) => {
    request.socket.end(text);
  };
}

const json = { 'content-type': 'application/json' };
const other = sessionId.replace('0', '1');

const moods: readonly (readonly [string, Mood, Outcome, (string | RegExp)?])[] = [
  ['says the same id', answerJson(sessionId), 'accepted'],
  ['says the same id as an object', answerJson({ sessionId }), 'accepted'],
  ['says who the user is', answerJson({ sessionId, userId: '42' }), 'accepted'],

  ['says 401', answer(401), 'refused', 'not-logged-in'],
  ['says 403 with a page', answer(403), 'refused', 'not-logged-in'],
  ['says 403 with a page of 1 MB', answer(403, {}, html.repeat(50_000)), 'refused', 'not-logged-in'],
  ['says 403 in JSON', answerJson({ error: 'hidden' }, 403), 'refused', 'not-logged-in'],
  ['says 403 with the right id', answerJson(sessionId, 403), 'refused', 'not-logged-in'],
  ['leads to a login with 302', answer(302, { location: '/login' }), 'refused', 'not-logged-in'],
  ['leads to a login with 303', answer(303, { location: '/login' }), 'refused', 'not-logged-in'],
  ['leads to a login with 307', answer(307, { location: '/login' }), 'refused', 'not-logged-in'],
  ['says null', answerJson(null), 'refused', 'not-logged-in'],
  ['says false', answerJson(false), 'refused', 'not-logged-in'],
  ['says a number', answerJson(42), 'refused', 'not-logged-in'],
  ['says an array', answerJson([sessionId]), 'refused', 'not-logged-in'],
  ['says an object without a session id', answerJson({ userId: '42' }), 'refused', 'not-logged-in'],
  ['says another id', answerJson(other), 'refused', 'other-session'],
  ['says another id as an object', answerJson({ sessionId: other, userId: '42' }), 'refused', 'other-session'],
  ['says no id', answerJson(''), 'refused', 'other-session'],

  ['says 301', answer(301, { location: 'https://www.example.com/getSessionID' }), 'unavailable', '301'],
  ['says 308', answer(308, { location: 'https://www.example.com/getSessionID' }), 'unavailable', '308'],
  ['says 404', answer(404), 'unavailable', '404'],
  ['says 418', answer(418), 'unavailable', '418'],
  ['says 429', answer(429, { 'retry-after': '1' }), 'unavailable', '429'],
  ['says 500', answer(500), 'unavailable', '500'],
  ['says 503', answer(503), 'unavailable', '503'],
  ['says 204', (_, response) => response.writeHead(204).end(), 'unavailable', '204'],
  ['says 200 with a page', answer(200), 'unavailable', 'without the content type'],
  ['says 200 with no type', (_, response) => response.end(`"${sessionId}"`), 'unavailable', 'without the content type'],
  ['says 200 with a page that calls itself JSON', answer(200, json), 'unavailable', 'not JSON'],
  [
    'says 200 with a warning before the JSON',
    answer(200, json, `Warning: x\n"${sessionId}"`),
    'unavailable',
    'not JSON',
  ],
  ['says 200 with nothing', answer(200, json, ''), 'unavailable', 'not JSON'],
  ['says a user id that is a number', answerJson({ sessionId, userId: 42 }), 'unavailable', 'userId'],
  ['says more than 64 KB', answerJson(sessionId.repeat(2100)), 'unavailable', 'longer than 65536 bytes'],
  ['says 421', answer(421), 'misconfigured', 'do not hold the same secret or a clock is'],

  ['never answers', neverAnswer, 'unavailable', `within ${timeoutMs} ms`],
  [
    'answers after the deadline',
    (...both) => void setTimeout(answerJson(sessionId), timeoutMs * 1.5, ...both),
    'unavailable',
    `within ${timeoutMs} ms`,
  ],
  [
    'begins its answer and never ends it',
    (_, response) => void response.writeHead(200, json).write('"'),
    'unavailable',
    `within ${timeoutMs} ms`,
  ],
  [
    'resets in the middle of the body',
    (request, response) => {
      response.writeHead(200, { ...json, 'content-length': '34' });
      response.write('"0123', () => request.socket.resetAndDestroy());
    },
    'unavailable',
    'ECONNRESET',
  ],
  [
    'ends in the middle of the body',
    bytes('HTTP/1.1 200 OK\r\ncontent-length: 34\r\n\r\n"0123'),
    'unavailable',
    'ECONNRESET',
  ],
  [
    'floods with headers',
    bytes(`HTTP/1.1 200 OK\r\n${'x-a: hidden\r\n'.repeat(9000)}\r\n`),
    'unavailable',
    'HPE_HEADER_OVERFLOW',
  ],
  ['speaks another protocol', bytes('SSH-2.0-OpenSSH_9.2 hidden\r\n'), 'unavailable', 'HPE_'],
];

describe.each([
  ['a fresh connection', false],
  ['a kept connection', true],
])('on %s, PHP', (_, isKept) => {
  let lambda: Lambda;
  beforeEach(async () => {
    lambda = await startAuthorizer();
    if (isKept) expectOutcome(await lambda.invoke(handshakeEvent()), 'accepted');
    php.requests.length = 0;
  });

  for (const [says, mood, outcome, reason] of moods) {
    it(`${says}: ${outcome}`, async () => {
      php.mood = mood;
      expectOutcome(await lambda.invoke(handshakeEvent()), outcome, reason);
      // No answer at all on a kept connection may mean that it had died, so it is dialled anew.
      const times = isKept && reason?.toString().startsWith('HPE_') ? 2 : 1;
      expect([php.requests.length, php.connections.length]).toEqual([times, times]);
    });
  }

  it('causes no second request when it has been late', async () => {
    php.mood = neverAnswer;
    expectOutcome(await lambda.invoke(handshakeEvent()), 'unavailable', 'within');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(php.requests).toHaveLength(1);
  });

  it('is asked again by the next handshake, whatever it answered to this one', async () => {
    for (const mood of [answer(500), answer(403), hangUp, answer(421)]) {
      php.mood = mood;
      await lambda.invoke(handshakeEvent());
      php.mood = answerJson(sessionId);
      expectOutcome(await lambda.invoke(handshakeEvent()), 'accepted');
    }
  });
});

describe('an accepted principal', () => {
  it('is the session when PHP returns no user, with a hash that PHP can compute as well', async () => {
    const sessionHash = hashSessionId(credentials, sessionId);
    const { result } = await (await startAuthorizer()).invoke(handshakeEvent());
    const context = { sessionHash, authorizedAt: expect.stringMatching(/^\d{13}$/) };
    expect(result).toEqual({ principalId: `session:${sessionHash}`, context, ...policy('Allow') });
  });

  it('is the user that PHP returns', async () => {
    php.mood = answerJson({ sessionId, userId: '42', userInfo: { name: 'Gonzalo' } });
    const { result } = await (await startAuthorizer()).invoke(handshakeEvent());
    expect(result).toMatchObject({
      principalId: 'user:42',
      context: { sessionHash: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
  });
});

describe('a connection to PHP', () => {
  it('is kept alive: five handshakes are five requests on one connection, and one request for the secret', async () => {
    const before = secretsManager.requests.length;
    const lambda = await startAuthorizer();
    for (let n = 0; n < 5; n++) expectOutcome(await lambda.invoke(handshakeEvent()), 'accepted');
    expect([php.requests.length, php.connections.length]).toEqual([5, 1]);
    expect(secretsManager.requests.length - before).toBe(1);
  });

  it('is kept alive after a refusal with a page as well', async () => {
    php.mood = answer(403);
    const lambda = await startAuthorizer();
    expectOutcome(await lambda.invoke(handshakeEvent()), 'refused');
    for (let n = 0; n < 4; n++) {
      const { result, lines } = await lambda.invoke(handshakeEvent());
      expect(result).toEqual({ principalId: 'nobody', ...policy('Deny') });
      // Within a minute a reason is explained once.
      expect(lines).toEqual([expect.objectContaining({ HandshakeRefused: 1, reason: 'not-logged-in' })]);
    }
    expect([php.requests.length, php.connections.length]).toEqual([5, 1]);
  });

  it('that PHP closed while it was idle is replaced', async () => {
    const lambda = await startAuthorizer();
    await lambda.invoke(handshakeEvent());
    php.connections[0]?.destroy();
    expectOutcome(await lambda.invoke(handshakeEvent()), 'accepted');
    expect([php.requests.length, php.connections.length]).toEqual([2, 2]);
  });

  it('that died unnoticed while it was idle is replaced exactly once', async () => {
    const lambda = await startAuthorizer();
    await lambda.invoke(handshakeEvent());
    const [kept] = php.connections;
    php.mood = diesOn(kept, answerJson(sessionId));
    expectOutcome(await lambda.invoke(handshakeEvent()), 'accepted');
    expect([php.requests.length, php.connections.length]).toEqual([3, 2]);
  });

  it('that died while it was idle fails when its replacement dies as well', async () => {
    const lambda = await startAuthorizer();
    await lambda.invoke(handshakeEvent());
    php.mood = hangUp;
    expectOutcome(await lambda.invoke(handshakeEvent()), 'unavailable', 'ECONNRESET');
    expect([php.requests.length, php.connections.length]).toEqual([3, 2]);
  });

  it('that is new and reset causes no retry', async () => {
    php.mood = hangUp;
    expectOutcome(await (await startAuthorizer()).invoke(handshakeEvent()), 'unavailable', 'ECONNRESET');
    expect([php.requests.length, php.connections.length]).toEqual([1, 1]);
  });

  it('to a port without a server fails with that reason', async () => {
    const lambda = await startAuthorizer();
    await php.close();
    expectOutcome(await lambda.invoke(handshakeEvent()), 'unavailable', 'ECONNREFUSED');
    php = await WebServer.start();
  });
});

function diesOn(socket: Socket | undefined, otherwise: Mood): Mood {
  return (request, response) => (request.socket === socket ? hangUp : otherwise)(request, response);
}

describe('the request to PHP', () => {
  it('is one GET with these headers and no others', async () => {
    const event = handshakeEvent({
      headers: { Cookie: ['admin=1'], Authorization: ['Basic x'], 'X-Forwarded-For': ['192.0.2.1'] },
    });
    expectOutcome(await (await startAuthorizer()).invoke(event), 'accepted');
    const { method, url, headers } = php.lastRequest;
    expect([method, url]).toEqual(['GET', '/getSessionID']);
    expect(headers).toEqual({
      host: `127.0.0.1:${php.port}`,
      connection: 'keep-alive',
      accept: 'application/json',
      'x-requested-with': 'XMLHttpRequest',
      'user-agent': userAgent,
      cookie: `PHPSESSID=${sessionId}`,
      'x-session-socket': expect.any(String),
    });
  });

  it('has a signature that PHP can verify: of the path with its query, the time and the exact cookie', async () => {
    const lambda = await startAuthorizer({ SESSION_ENDPOINT: php.url('/index.php?route=session%20id&a=').href });
    const before = Math.floor(Date.now() / 1000);
    expectOutcome(await lambda.invoke(handshakeEvent()), 'accepted');
    const { url: pathAndQuery = '', headers } = php.lastRequest;
    expect(pathAndQuery).toBe('/index.php?route=session%20id&a=');
    const time = Number(/,t=(\d+),/.exec(String(headers['x-session-socket']))?.[1]);
    expect(time).toBeGreaterThanOrEqual(before);
    expect(time).toBeLessThanOrEqual(Date.now() / 1000);
    const expected = signRequest(credentials, {
      method: 'GET',
      pathAndQuery,
      time,
      cookieHeader: headers.cookie ?? '',
    });
    expect(headers['x-session-socket']).toBe(expected);
  });

  it('has a comma of the id escaped, because no cookie may contain one', async () => {
    const token = 'user,42,0123456789abcdef-XYZ';
    php.mood = answerJson(token);
    expectOutcome(
      await (await startAuthorizer({ COOKIE_NAME: 'my_session' })).invoke(handshakeEvent({ tokens: [token] })),
      'accepted',
    );
    expect(php.lastRequest.headers.cookie).toBe('my_session=user%2C42%2C0123456789abcdef-XYZ');
  });

  it.each([
    ['missing', undefined],
    ['empty', ['']],
    ['not ASCII', ['Mozilla/5.0 (Räuber)']],
    ['a header of its own', ['x\r\nX-Admin: 1']],
    ['longer than 1 KB', ['x'.repeat(1025)]],
  ])('has our own user agent when the browser’s is %s', async (_, value) => {
    const lambda = await startAuthorizer();
    expectOutcome(await lambda.invoke(handshakeEvent({ headers: { 'User-Agent': value } })), 'accepted');
    expect(php.lastRequest.headers['user-agent']).toBe('session-socket');
    expect(php.lastRequest.headers).not.toHaveProperty('x-admin');
  });
});

describe('in mode ticket, PHP', () => {
  const seen = { a: '203.0.113.7', u: Buffer.from('Café/1.0', 'latin1').toString('base64url') };
  const handshakeWith = (changes: object = {}) =>
    handshakeEvent({
      tokens: [sealTicket(credentials, contents(Math.floor(Date.now() / 1000), { s: sessionId, ...changes }))],
    });
  const startTicketAuthorizer = () => startAuthorizer({ SESSION_MODE: 'ticket' });

  const ticketMoods: typeof moods = [
    ['says 403 and signs it', sayNo(credentials), 'refused', 'not-logged-in'],
    ['is behind a challenge', answer(403, { 'cf-mitigated': 'challenge' }), 'unavailable', 'cf-mitigated'],
    ['is behind a firewall', answer(403), 'unavailable', "without PHP's signature"],
    ['is behind HTTP Basic', answer(401, { 'www-authenticate': 'Basic realm="x"' }), 'unavailable', 'WWW-Authenticate'],
    ['is in maintenance', answer(302, { location: '/maintenance' }), 'unavailable', "without PHP's signature"],
    ['has moved', answer(302, { location: 'https://www.app.example.com/getSessionID' }), 'unavailable', 'another host'],
    ['is overloaded', answer(503, { 'retry-after': '5' }), 'unavailable', '503'],
    ['has an expired form', answer(419), 'unavailable', '419'],
  ];
  for (const [says, mood, outcome, reason] of ticketMoods) {
    it(`${says}: ${outcome}`, async () => {
      php.mood = mood;
      const handshake = await (await startTicketAuthorizer()).invoke(handshakeWith());
      const lines = handshake.lines.filter(({ level }) => level !== 'WARN');
      expectOutcome({ ...handshake, lines }, outcome, reason);
    });
  }

  it('is reported once as outdated when its 403 has no signature', async () => {
    php.mood = answer(403);
    const lambda = await startTicketAuthorizer();
    const warnings = [];
    for (let n = 0; n < 3; n++)
      warnings.push(...(await lambda.invoke(handshakeWith())).lines.filter(({ level }) => level === 'WARN'));
    expect(warnings).toMatchObject([{ message: 'PHP file may be outdated', reason: expect.stringContaining('403') }]);
  });

  it('gets the address and the user agent that it sealed, and the signature covers them', async () => {
    const lambda = await startTicketAuthorizer();
    expectOutcome(await lambda.invoke(handshakeWith(seen)), 'accepted');
    const { headers } = php.lastRequest;
    const browser = {
      'x-session-socket-address': seen.a,
      'x-session-socket-agent': seen.u,
      'user-agent': 'session-socket',
    };
    expect(headers).toMatchObject(browser);
    const request = {
      method: 'GET',
      pathAndQuery: '/getSessionID',
      cookieHeader,
      address: seen.a,
      agent: seen.u,
    } as const;
    const time = Number(/,t=(\d+),/.exec(String(headers['x-session-socket']))?.[1]);
    expect(headers['x-session-socket']).toBe(signRequest(credentials, { ...request, time }));
  });

  it('gets the user agent that it sealed as its header too, if a header can hold it', async () => {
    const lambda = await startTicketAuthorizer();
    const agent = `Mozilla/5.0 (${'x'.repeat(550)})`;
    expectOutcome(await lambda.invoke(handshakeWith({ u: Buffer.from(agent).toString('base64url') })), 'accepted');
    expect(php.lastRequest.headers['user-agent']).toBe(agent);
    expect(php.lastRequest.headers).not.toHaveProperty('x-session-socket-address');
  });
});

describe('behind HTTP Basic, PHP', () => {
  it('gets the authorization header of the secret, which is in no log line', async () => {
    const authorization = `Basic ${Buffer.from('staging:hidden').toString('base64')}`;
    const secret = { ...credentials, derived: undefined, authorization };
    const manager = await WebServer.start(answerJson({ SecretString: JSON.stringify(secret) }));
    try {
      const lambda = await startAuthorizer({ AWS_ENDPOINT_URL_SECRETS_MANAGER: manager.url().href });
      for (const [mood, outcome] of [
        [answerJson(sessionId), 'accepted'],
        [answer(401, { 'www-authenticate': 'Basic' }), 'unavailable'],
        [answer(500), 'unavailable'],
        [hangUp, 'unavailable'],
      ] as const) {
        php.mood = mood;
        const handshake = await lambda.invoke(handshakeEvent());
        expectOutcome(handshake, outcome);
        expect(php.lastRequest.headers.authorization).toBe(authorization);
        expect(handshake.output).not.toContain(authorization.slice(6));
      }
    } finally {
      await manager.close();
    }
  });
});

describe('a redirect', () => {
  // A login redirect that is followed ends in a page with 200: somebody who is not logged in would look like somebody
  // who is.
  it.each([301, 302, 303, 307, 308])('with %i is never followed, wherever it leads', async (status) => {
    const trap = await WebServer.start(answerJson(sessionId));
    try {
      for (const mode of ['session-id', 'status'] as const) {
        php.mood = answer(status, { location: trap.url().href });
        const { result } = await (await startAuthorizer({ SESSION_MODE: mode })).invoke(handshakeEvent());
        expect(result).not.toMatchObject(policy('Allow'));
      }
      expect(trap.requests).toHaveLength(0);
      expect(php.requests).toHaveLength(2);
    } finally {
      await trap.close();
    }
  });
});

describe('in mode status, PHP', () => {
  const settings = { SESSION_MODE: 'status' } as const;

  it.each([
    ['says 200 with a page', answer(200), 'accepted'],
    ['says 200 with another id, which nobody reads', answerJson(other), 'accepted'],
    ['says 200 with 1 MB, which nobody reads', answer(200, {}, html.repeat(50_000)), 'accepted'],
    ['says 403', answer(403), 'refused', 'not-logged-in'],
    ['says 302', answer(302, { location: '/login' }), 'refused', 'not-logged-in'],
    ['says 204', answer(204, {}, ''), 'unavailable', '204'],
    ['says 404', answer(404), 'unavailable', '404'],
    ['says 421', answer(421), 'misconfigured', '421'],
    ['never answers', neverAnswer, 'unavailable', 'within'],
  ] as const)('%s', async (_, mood, outcome, reason?: string) => {
    php.mood = mood;
    expectOutcome(await (await startAuthorizer(settings)).invoke(handshakeEvent()), outcome, reason);
    expect(php.requests).toHaveLength(1);
  });

  it('is not awaited after its status 200', async () => {
    php.mood = (_, response) => void response.writeHead(200).write(html);
    const lambda = await startAuthorizer({ ...settings, SESSION_TIMEOUT_MS: '20000' });
    // The page has no end: with a wait for it, this would be the timeout.
    expectOutcome(await lambda.invoke(handshakeEvent()), 'accepted');
  });
});

describe('over TLS, PHP', () => {
  let servers: WebServer[];
  beforeEach(() => {
    servers = [];
  });
  afterEach(async () => {
    await Promise.all(servers.map((server) => server.close()));
  });

  async function startTls(name: 'this-machine' | 'somebody-else') {
    const fileOf = (ending: string) => join(import.meta.dirname, '..', 'fixtures', 'tls', `${name}.${ending}`);
    const certFile = fileOf('cert');
    const tls = { key: await readFile(fileOf('key'), 'utf8'), cert: await readFile(certFile, 'utf8') };
    const server = await WebServer.start(answerJson(sessionId), tls);
    servers.push(server);
    return { server, certFile };
  }

  it('with a valid certificate is asked, on one kept connection', async () => {
    const { server, certFile } = await startTls('this-machine');
    const lambda = await startAuthorizer({ SESSION_ENDPOINT: server.url('/x').href, NODE_EXTRA_CA_CERTS: certFile });
    for (let n = 0; n < 3; n++) expectOutcome(await lambda.invoke(handshakeEvent()), 'accepted');
    expect([server.requests.length, server.connections.length]).toEqual([3, 1]);
  });

  it('with an unsigned certificate gets no request', async () => {
    const { server } = await startTls('this-machine');
    const lambda = await startAuthorizer({ SESSION_ENDPOINT: server.url().href });
    expectOutcome(await lambda.invoke(handshakeEvent()), 'unavailable', 'DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(server.requests).toHaveLength(0);
  });

  it('with another host’s certificate gets no request', async () => {
    const { server, certFile } = await startTls('somebody-else');
    const lambda = await startAuthorizer({ SESSION_ENDPOINT: server.url().href, NODE_EXTRA_CA_CERTS: certFile });
    expectOutcome(await lambda.invoke(handshakeEvent()), 'unavailable', 'ERR_TLS_CERT_ALTNAME_INVALID');
    expect(server.requests).toHaveLength(0);
  });

  it('without TLS gets no request', async () => {
    const SESSION_ENDPOINT = php.url().href.replace('http:', 'https:');
    expectOutcome(
      await (await startAuthorizer({ SESSION_ENDPOINT })).invoke(handshakeEvent()),
      'unavailable',
      /EPROTO|ERR_SSL/,
    );
    expect(php.requests).toHaveLength(0);
  });
});

describe('without the secret', () => {
  it.each([
    ['Secrets Manager refuses', answerJson({ __type: 'AccessDeniedException' }, 400), 'answered 400'],
    ['Secrets Manager hangs up', hangUp, 'could not be asked'],
    ['it is not what it should be', answerJson({ SecretString: 'sesame' }), 'is not a JSON object'],
  ])('PHP is not asked: %s', async (_, mood, reason) => {
    const broken = await WebServer.start(mood);
    try {
      const lambda = await startAuthorizer({ AWS_ENDPOINT_URL_SECRETS_MANAGER: broken.url().href });
      expectOutcome(await lambda.invoke(handshakeEvent()), 'unavailable', reason);
      expect(php.requests).toHaveLength(0);
    } finally {
      await broken.close();
    }
  });
});

/*
 * The security holes of the socket.io server of 2016, which this gateway replaces. Its middleware was:
 * `request(…, (e, r, body) => { … JSON.parse(body) … ; if (token == answer) next() })`.
 */
describe('the security holes of the blog post’s server', () => {
  // JSON.parse of the 403 page threw, `next(new Error)` was called without `return`, and then `undefined == undefined`
  // accepted the client: a client without a token was logged in.
  it('no token is rejected without asking PHP, even if PHP answers 403 with a page', async () => {
    php.mood = answer(403);
    expectOutcome(await (await startAuthorizer()).invoke(handshakeEvent({ tokens: [] })), 'refused', 'malformed-token');
    expect(php.requests).toHaveLength(0);
  });

  // The token went into the Cookie header unchanged. CR LF crashed the whole server with an uncaught exception, and `;`
  // sent PHP cookies of the client's choice in the name of the server.
  it.each([
    ['CR LF, which killed the server', [`${sessionId}\r\nX-Admin: 1`]],
    ['an escaped CR LF', ['%0d%0a']],
    ['an escaped CR LF after an id', [`${sessionId}%0d%0aX-Admin: 1`]],
    ['a cookie of its own', ['x; admin=1']],
    ['a cookie of its own after an id', [`${sessionId}; admin=1; PHPSESSID=zzz`]],
    ['two tokens', [sessionId, other]],
    ['the same token twice', [sessionId, sessionId]],
    ['a token of 64 KB', ['a'.repeat(65_536)]],
    ['a token of one letter, which PHP would adopt', ['a']],
    ['an empty token', ['']],
    ['the word undefined', ['undefined']],
    ['a path', ['../../../../../../../../etc/passwd']],
    ['NUL', [`${sessionId}\0`]],
  ])('a handshake with %s never reaches PHP', async (_, tokens) => {
    const lambda = await startAuthorizer();
    expectOutcome(await lambda.invoke(handshakeEvent({ tokens })), 'refused', 'malformed-token');
    expect(php.requests).toHaveLength(0);
    expectOutcome(await lambda.invoke(handshakeEvent()), 'accepted');
  });

  // By default (use_strict_mode=0) PHP accepts any id as a new session, and a route that only returns `session_id()`
  // returns it. The gateway believes the app: an id of the right shape is accepted. Only PHP can tell it from a real
  // one, by answering 403 when nobody is logged in. The gateway can only reject malformed ids, and make the session its
  // own principal, which owns nothing of any user.
  it('an invented id of the right shape IS accepted when PHP adopts any id, as a session of its own without a user', async () => {
    php.mood = (request, response) => {
      const id = /PHPSESSID=([^;]*)/.exec(request.headers.cookie ?? '')?.[1];
      answerJson(id)(request, response);
    };
    const invented = 'attackerchosenid0000000000';
    const { result } = await (await startAuthorizer()).invoke(handshakeEvent({ tokens: [invented] }));
    expect(result).toMatchObject({
      principalId: `session:${hashSessionId(credentials, invented)}`,
      ...policy('Allow'),
    });
  });

  it('an invented id is rejected when PHP makes a new one for it, as it does in strict mode', async () => {
    php.mood = answerJson('0000000000newidofstrictmode');
    expectOutcome(await (await startAuthorizer()).invoke(handshakeEvent()), 'refused', 'other-session');
  });
});
