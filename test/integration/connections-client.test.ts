import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setImmediate as settle } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  ApiGatewayManagementApiClient,
  ApiGatewayManagementApiServiceException,
  DeleteConnectionCommand,
  ForbiddenException,
  GoneException,
  LimitExceededException,
  PayloadTooLargeException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createConnectionsClient } from '../../functions/edge/connections/client.ts';
import { answerJson, hangUp, type Mood, neverAnswer, WebServer } from '../fakes/web-server.ts';

const timeoutMs = 300;
const id = 'L0SM9cOFvHcCIhw=';

/** AWS's own, with the settings that ours has. */
function createDefaultClient(endpoint: string, { maxAttempts }: { maxAttempts: number }) {
  const requestHandler = { connectionTimeout: timeoutMs, requestTimeout: timeoutMs, throwOnRequestTimeout: true };
  return new ApiGatewayManagementApiClient({ endpoint, maxAttempts, requestHandler });
}

const api = {
  region: 'eu-central-1',
  credentials: { accessKeyId: 'none', secretAccessKey: 'none', sessionToken: 'none' },
};
const createTunedClient = (callbackUrl: string, { maxAttempts }: { maxAttempts: number }) =>
  createConnectionsClient({ callbackUrl, ...api }, { maxAttempts, timeoutMs });

// For AWS's own.
beforeAll(() => {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'none', AWS_SECRET_ACCESS_KEY: 'none', AWS_SESSION_TOKEN: 'none' });
});

let gateway: WebServer;
beforeEach(async () => {
  gateway = await WebServer.start();
});
afterEach(() => gateway.close());

const fault =
  (status: number, type: string, body = '{"message":"x"}'): Mood =>
  (_, response) =>
    response.writeHead(status, { 'x-amzn-errortype': type, 'content-type': 'application/json' }).end(body);

const onWire =
  (text: string): Mood =>
  (request) =>
    request.socket.end(text);

/** Answers with `first` once, then with 200. */
function once(first: Mood): Mood {
  let isFirst = true;
  return (request, response) => {
    if (!isFirst) return void response.end();
    isFirst = false;
    first(request, response);
  };
}

const drip =
  (status: number, betweenMs: number): Mood =>
  (_, response) => {
    response.writeHead(status, { 'content-length': '3' });
    let left = 3;
    const timer = setInterval(() => {
      response.write('x');
      left -= 1;
      if (left === 0) clearInterval(timer);
    }, betweenMs);
    response.on('close', () => clearInterval(timer));
  };

const moods: readonly (readonly [name: string, mood: () => Mood])[] = [
  ['200', () => answerJson({})],
  ['200 without a body', () => (_, response) => void response.end()],
  ['204', () => (_, response) => void response.writeHead(204).end()],
  ['200 with a body that is not JSON', () => (_, response) => void response.end('<html>')],
  ['200 with a slow body', () => drip(200, 20)],
  ['410', () => fault(410, 'GoneException', '')],
  ['410 with a reason', () => fault(410, 'GoneException:http://internal.amazon.com/coral/')],
  ['410 of somebody else', () => (_, response) => void response.writeHead(410).end()],
  ['403', () => fault(403, 'ForbiddenException')],
  ['403 of a wrong path', () => answerJson({ message: 'Forbidden' }, 403)],
  ['413', () => fault(413, 'PayloadTooLargeException')],
  ['400', () => fault(400, 'BadRequestException')],
  ['429 once', () => once(fault(429, 'LimitExceededException'))],
  ['429 always', () => fault(429, 'LimitExceededException')],
  ['500 once', () => once(fault(500, 'InternalServerErrorException'))],
  ['500 always', () => fault(500, 'InternalServerErrorException')],
  ['503 without JSON', () => (_, response) => void response.writeHead(503).end('<html>')],
  ['a redirect', () => (_, response) => void response.writeHead(302, { location: '/elsewhere' }).end()],
  ['a reset', () => hangUp],
  ['a reset once', () => once(hangUp)],
  ['a connection that is closed', () => (request) => void request.socket.end()],
  ['silence', () => neverAnswer],
  ['silence once', () => once(neverAnswer)],
  ['an answer that is no HTTP', () => onWire('nonsense\r\n\r\n')],
  ['an answer with a header that is none', () => onWire('HTTP/1.1 200 OK\r\nbad header\r\n\r\n')],
];

const classes = [GoneException, ForbiddenException, LimitExceededException, PayloadTooLargeException];

/** What a caller can tell of a command, and what the server had of it. */
async function outcomeOf(create: typeof createTunedClient, mood: Mood, maxAttempts: number, command = post()) {
  gateway.mood = mood;
  gateway.requests.length = 0;
  const client = create(gateway.url('/live').href, { maxAttempts });
  const outcome = await client.send(command).then(
    (output) => ({ status: output.$metadata.httpStatusCode }),
    (error: unknown) => {
      if (!(error instanceof ApiGatewayManagementApiServiceException)) return { status: undefined };
      const is = classes.filter((each) => error instanceof each).map(({ name }) => name);
      return { status: error.$metadata.httpStatusCode, is, name: error.name };
    },
  );
  client.destroy();
  return { ...outcome, requests: gateway.requests.map(({ method, url }) => `${method} ${url}`) };
}

const post = (connectionId = id, Data: Uint8Array = Buffer.from('{"event":"x"}')) =>
  new PostToConnectionCommand({ ConnectionId: connectionId, Data });

describe("behaves like AWS's own client", () => {
  describe.each([1, 2])('with %d attempts', (maxAttempts) => {
    it.each(moods)('at %s', async (_, mood) => {
      const expected = await outcomeOf(createDefaultClient, mood(), maxAttempts);
      const actual = await outcomeOf(createTunedClient, mood(), maxAttempts);
      expect(actual).toEqual(expected);
    });
  });

  it.each(['plain', 'a/b', 'a+b=', '@x', '%40', "!'()*", 'ü€ ', '?x#y'])('with the id %s', async (odd) => {
    const [expected, actual] = [
      await outcomeOf(createDefaultClient, answerJson({}), 1, post(odd)),
      await outcomeOf(createTunedClient, answerJson({}), 1, post(odd)),
    ];
    expect(actual).toEqual(expected);
    expect(actual.requests).toHaveLength(1);
  });

  it.each([
    [
      '204',
      () => (_: unknown, response: { writeHead(status: number): { end(): void } }) => response.writeHead(204).end(),
    ],
    ['410', () => fault(410, 'GoneException', '')],
    ['429 once', () => once(fault(429, 'LimitExceededException'))],
  ] as readonly (readonly [string, () => Mood])[])('when it closes, at %s', async (_, mood) => {
    const close = () => new DeleteConnectionCommand({ ConnectionId: id });
    const expected = await outcomeOf(createDefaultClient, mood(), 2, close() as never);
    const actual = await outcomeOf(createTunedClient, mood(), 2, close() as never);
    expect(actual).toEqual(expected);
  });

  const nobody = {} as ConstructorParameters<typeof PostToConnectionCommand>[0];
  it('with a command without data or without a connection id', async () => {
    for (const command of [post(''), post(id, new Uint8Array(0)), new PostToConnectionCommand(nobody)]) {
      const expected = await outcomeOf(createDefaultClient, answerJson({}), 1, command);
      expect(await outcomeOf(createTunedClient, answerJson({}), 1, command)).toEqual(expected);
    }
  });
});

describe("behaves better than AWS's own client", () => {
  it('times out on an answer that stops in the middle', async () => {
    const outcome = await outcomeOf(createTunedClient, drip(200, 250), 1);
    expect(outcome.status).toBeUndefined();
  });

  it('rejects an answer without an end', async () => {
    const endless: Mood = (_, response) => void response.end('x'.repeat(200_000));
    expect((await outcomeOf(createTunedClient, endless, 1)).status).toBeUndefined();
  });

  it('resends a post once after a kept connection died without an answer, even with one attempt', async () => {
    const client = createTunedClient(gateway.url('/live').href, { maxAttempts: 1 });
    await client.send(post());
    // Only after a turn of the event loop does a connection count as free again.
    await settle();
    gateway.mood = once(hangUp);
    const { $metadata } = await client.send(post());
    expect($metadata.httpStatusCode).toBe(200);
    expect(gateway.connections).toHaveLength(2);
    expect(gateway.requests).toHaveLength(3);
    client.destroy();
  });

  it('uses no connection that was closed while the process was frozen', async () => {
    const client = createTunedClient(gateway.url('/live').href, { maxAttempts: 1 });
    await Promise.all([client.send(post()), client.send(post())]);
    for (const socket of gateway.connections) socket.resetAndDestroy();
    // Without a turn of the event loop in which it could be told: as after a freeze.
    const answers = await Promise.all([client.send(post()), client.send(post())]);
    expect(answers.map(({ $metadata }) => $metadata.httpStatusCode)).toEqual([200, 200]);
    expect(gateway.requests).toHaveLength(4);
    client.destroy();
  });
});

it('posts over TLS only to a server with a trusted certificate', async () => {
  const [key, cert] = await Promise.all(
    ['key', 'cert'].map((kind) => readFile(`test/fixtures/tls/this-machine.${kind}`, 'utf8')),
  );
  const secure = await WebServer.start(answerJson({}), { key: key ?? '', cert: cert ?? '' });
  const module = new URL('../../functions/edge/connections/sockets.ts', import.meta.url).href;
  const script = `
    const [module, api] = process.argv.slice(1);
    const { createSockets } = await import(module);
    const sockets = createSockets(JSON.parse(api), { maxAttempts: 1, timeoutMs: 5000 });
    console.log(await sockets.post('${id}', '{}').catch((error) => error.cause.message));
    process.exit();`;
  const run = async (variables: Record<string, string>) => {
    const env = { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true', ...variables };
    const settings = JSON.stringify({ callbackUrl: secure.url('/live').href, ...api });
    const node = ['--import', 'tsx', '--input-type=module', '-e', script, module, settings];
    return (await promisify(execFile)(process.execPath, node, { env })).stdout.trim();
  };
  const outcomes = [await run({ NODE_EXTRA_CA_CERTS: 'test/fixtures/tls/this-machine.cert' }), await run({})];
  await secure.close();
  expect(outcomes).toEqual(['delivered', expect.stringMatching(/^no answer \(.*CERT.*\)$/)]);
});

it('mixes up none of 5,000 posts, 64 at a time', async () => {
  const heard = new Map<string, string>();
  const throttled = new Set<string>();
  const ids = Array.from({ length: 5000 }, (_, index) => `id-${index}+/=`);
  gateway.mood = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const connectionId = decodeURIComponent(request.url?.split('/').at(-1) ?? '');
      const number = Number(/\d+/.exec(connectionId)?.[0]);
      // Answers come in another order than requests.
      const answer = () => {
        if (number % 20 === 0) return response.writeHead(410, { 'x-amzn-errortype': 'GoneException' }).end();
        if (number % 100 === 1 && !throttled.has(connectionId)) {
          throttled.add(connectionId);
          return response.writeHead(429, { 'x-amzn-errortype': 'LimitExceededException' }).end('{"message":"x"}');
        }
        heard.set(connectionId, Buffer.concat(chunks).toString());
        return response.end();
      };
      setTimeout(answer, number % 7);
    });
  };
  const client = createConnectionsClient(
    { callbackUrl: gateway.url('/live').href, ...api },
    { maxAttempts: 4, timeoutMs: 10_000 },
  );
  const outcomes = new Map<string, string>();
  const left = [...ids];
  const work = async () => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const connectionId = next;
      const sent = client.send(post(connectionId, Buffer.from(`{"event":"for ${connectionId}"}`)));
      const outcome = sent.then(
        () => 'delivered',
        (error: unknown) => (error instanceof GoneException ? 'gone' : String(error)),
      );
      outcomes.set(connectionId, await outcome);
    }
  };
  await Promise.all(Array.from({ length: 64 }, work));
  client.destroy();

  const isGone = (_: string, index: number) => index % 20 === 0;
  const alive = ids.filter((each, index) => !isGone(each, index));
  const expected = ids.map((each, index) => [each, isGone(each, index) ? 'gone' : 'delivered']);
  expect(Object.fromEntries(outcomes)).toEqual(Object.fromEntries(expected));
  expect(Object.fromEntries(heard)).toEqual(Object.fromEntries(alive.map((each) => [each, `{"event":"for ${each}"}`])));
  expect(throttled.size).toBe(50);
});
