import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { generate } from 'selfsigned';
import { afterEach, describe, expect, it } from 'vitest';
import type { FunctionsOptions } from '../../local/lambda/functions.ts';
import { type Started, startFunctions, type TestFunction } from '../assemblies/start-functions.ts';

const started: Started[] = [];
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((each) => each.close()));
  await Promise.all(closers.splice(0).map((close) => close()));
});

async function start(
  files: TestFunction['files'],
  properties: TestFunction['properties'] = {},
  options: Partial<FunctionsOptions> = {},
): Promise<Started> {
  const one = await startFunctions([{ files, properties }], options);
  started.push(one);
  return one;
}

const runtimes = ['nodejs20.x', 'nodejs24.x'];

/** A project's own package.json above `cdk.out` says nothing of what is inside: in AWS it is not there. */
const inModuleProject = { '../package.json': '{"type":"module"}' };

describe.each(runtimes)('a handler for %s is found', (Runtime) => {
  it.each<[string, TestFunction['files'], string]>([
    ['in a CommonJS file', { 'index.js': 'exports.handler = async () => typeof require;' }, 'index.handler'],
    [
      'in a folder',
      { 'src/app.js': "exports.handler = async () => require('./lib');", 'src/lib.js': 'module.exports = "function"' },
      'src/app.handler',
    ],
    ['under a name of several parts', { 'index.js': 'exports.a = { b: async () => "function" };' }, 'index.a.b'],
    ['in a .cjs file', { 'index.cjs': 'exports.handler = async () => typeof require;' }, 'index.handler'],
    [
      'in a .mjs file',
      { 'index.mjs': 'export const handler = async () => typeof import.meta.url + typeof require;' },
      'index.handler',
    ],
    [
      'in a module package',
      {
        'index.js': "import { word } from './lib.js'; export const handler = async () => word;",
        'lib.js': 'export const word = "function"',
        'package.json': '{"type":"module"}',
      },
      'index.handler',
    ],
    [
      'after a top-level await',
      { 'index.mjs': 'const word = await Promise.resolve("function"); export const handler = async () => word;' },
      'index.handler',
    ],
    [
      'in a package that it brings',
      {
        'index.js': "exports.handler = async () => require('own');",
        'node_modules/own/package.json': '{"name":"own"}',
        'node_modules/own/index.js': 'module.exports = "function"',
      },
      'index.handler',
    ],
  ])('%s, whatever package lies above', async (_, files, Handler) => {
    const { returned } = await start({ ...inModuleProject, ...files }, { Runtime, Handler });
    expect(await returned()).toMatch(/^(function|stringundefined)$/);
  });

  it('and has no globals but those of Node.js', async () => {
    const names = ['fs', 'path', 'require', 'module', 'exports', '__filename', 'settings', 'start'];
    const code = `export const handler = async () => ${JSON.stringify(names)}.filter((name) => name in globalThis);`;
    const { returned } = await start({ 'index.mjs': code }, { Runtime });
    expect(await returned()).toEqual([]);
  });
});

describe.each(runtimes)('the SDK of the runtime for %s', (Runtime) => {
  it.each<[string, TestFunction['files']]>([
    [
      'by require',
      {
        'index.js':
          "const { DynamoDBClient } = require('@aws-sdk/client-dynamodb'); exports.handler = async () => DynamoDBClient.name;",
      },
    ],
    [
      'by import',
      {
        'index.mjs':
          "import { DynamoDBClient } from '@aws-sdk/client-dynamodb'; export const handler = async () => DynamoDBClient.name;",
      },
    ],
  ])('is there %s', async (_, files) => {
    const { returned } = await start(files, { Runtime, Timeout: 20, MemorySize: 512 });
    expect(await returned()).toBe('DynamoDBClient');
  });

  it('is replaced by the one in the function’s bundle', async () => {
    const { returned } = await start(
      {
        'index.js': "exports.handler = async () => require('@aws-sdk/client-dynamodb').own;",
        'node_modules/@aws-sdk/client-dynamodb/index.js': 'exports.own = 1;',
      },
      { Runtime },
    );
    expect(await returned()).toBe(1);
  });

  it.each<[string, TestFunction['files']]>([
    ['by require', { 'index.js': "require('@aws-sdk/client-sqs/more');" }],
    ['by import', { 'index.mjs': "import '@aws-sdk/client-sqs/more';" }],
  ])('reports the missing package of a client that is not installed, %s', async (_, files) => {
    const { function: worker } = await start(files, { Runtime });
    const result = await worker.invoke('{}');
    expect(result).toMatchObject({ outcome: 'failed', errorType: 'Runtime.ImportModuleError' });
    expect(result.outcome === 'failed' && result.errorMessage).toContain(
      "Cannot find module '@aws-sdk/client-sqs/more': AWS's runtime includes it, but this machine does not have it. Run npm install --save-dev @aws-sdk/client-sqs",
    );
  });

  it('is the only package: no other one of this machine is visible', async () => {
    const { function: worker } = await start({ 'index.js': "require('ws');" }, { Runtime });
    expect(await worker.invoke('{}')).toMatchObject({ errorType: 'Runtime.ImportModuleError' });
  });
});

describe('a handler with a callback, before Node.js 24,', () => {
  const old = { Runtime: 'nodejs22.x' };
  const begin = 'exports.handler = (event, context, callback) => {';

  it.each([
    ['calls back', 'callback(null, 1);', 1],
    ['calls back later', 'setTimeout(() => callback(null, 1), 20);', 1],
    ['calls back once', 'callback(null, 1); callback(null, 2);', 1],
    ['returns a promise', 'return Promise.resolve(1);', 1],
    ['succeeds by context', 'context.succeed(1);', 1],
    ['is done by context', 'context.done(null, 1);', 1],
    ['says nothing', '', null],
  ])('%s', async (_, code, result) => {
    const { returned } = await start({ 'index.js': `${begin} ${code} };` }, old);
    expect(await returned()).toBe(result);
    expect(await returned()).toBe(result);
  });

  it.each([
    ['calls back', "callback(new RangeError('no'));", { errorType: 'RangeError', errorMessage: 'no' }],
    ['calls back with a text', "callback('no');", { errorType: 'string', errorMessage: 'no' }],
    ['throws', "throw new RangeError('no');", { errorType: 'RangeError', errorMessage: 'no' }],
    ['fails by context', "context.fail('no');", { errorType: 'string', errorMessage: 'no' }],
  ])('%s with an error', async (_, code, error) => {
    const { function: worker } = await start({ 'index.js': `${begin} ${code} };` }, old);
    expect(await worker.invoke('{}')).toMatchObject({ outcome: 'failed', ...error });
  });

  it('answers when the event loop is empty, or at once if it sets callbackWaitsForEmptyEventLoop', async () => {
    const { returned } = await start(
      {
        'index.js': `let done = 0; ${begin}
          context.callbackWaitsForEmptyEventLoop = event.waits;
          setTimeout(() => (done += 1), 50);
          callback(null, { get done() { return done; } });
        };`,
      },
      old,
    );
    expect(await returned({ waits: true })).toEqual({ done: 1 });
    expect(await returned({ waits: false })).toEqual({ done: 1 });
  });
});

describe('a handler that builds the address of its API', () => {
  const host = 'abc123.execute-api.us-east-1.amazonaws.com';

  it('reaches this machine by HTTPS with the expected name and certificate, and nothing else does', async () => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: host }], {
      extensions: [
        {
          name: 'subjectAltName',
          altNames: [
            { type: 2, value: host },
            { type: 7, ip: '127.0.0.1' },
          ],
        },
      ],
    });
    const seen: unknown[] = [];
    const server = createServer({ key, cert }, ({ headers, url, socket }, response) => {
      seen.push([headers.host, url, (socket as { servername?: string }).servername]);
      response.end('{"here":true}');
    });
    const stranger = createServer({ key, cert }, (_, response) => response.end('{}'));
    const plain = createHttpServer((_, response) => response.end('elsewhere'));
    for (const each of [server, stranger, plain]) {
      await new Promise<void>((resolve) => each.listen(0, '127.0.0.1', resolve));
      closers.push(() => new Promise((resolve) => each.close(resolve)));
    }
    const port = (of: typeof server | typeof plain) => (of.address() as AddressInfo).port;

    const { returned } = await start(
      {
        'index.js': `const https = require('node:https');
          const get = (url) => new Promise((resolve, reject) => https.get(url, { agent: false }, (response) => {
            let text = ''; response.on('data', (chunk) => (text += chunk)).on('end', () => resolve(JSON.parse(text)));
          }).on('error', reject));
          exports.handler = async ({ host, here, stranger, other }) => {
            const first = await fetch('https://' + host + '/prod/@connections/x', { headers: { connection: 'close' } });
            return [
              await first.json(),
              await get('https://' + host + '/prod'),
              await get(here),
              await get(stranger).catch(({ code }) => code),
              await (await fetch(other)).text(),
            ];
          };`,
      },
      {},
      { redirects: { hosts: { [host]: `127.0.0.1:${port(server)}` }, certificate: cert } },
    );
    const addresses = {
      here: `https://127.0.0.1:${port(server)}/`,
      stranger: `https://127.0.0.1:${port(stranger)}/`,
      other: `http://127.0.0.1:${port(plain)}/`,
    };
    const here = { here: true };
    expect(await returned({ host, ...addresses })).toEqual([
      here,
      here,
      here,
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'elsewhere',
    ]);
    expect(seen).toEqual([
      [host, '/prod/@connections/x', host],
      [host, '/prod', host],
      [`127.0.0.1:${port(server)}`, '/', false],
    ]);
  });
});

it('a function sees the variables of Lambda', async () => {
  const { returned } = await start(
    { 'index.js': 'exports.handler = async (event, context) => ({ ...process.env, context });' },
    { MemorySize: 256, Environment: { Variables: { OWN: 'own', AWS_REGION: 'nowhere' } } },
  );
  expect(await returned()).toMatchObject({
    OWN: 'own',
    AWS_REGION: 'us-east-1',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
    AWS_LAMBDA_LOG_FORMAT: 'Text',
    AWS_LAMBDA_LOG_STREAM_NAME: expect.stringMatching(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/),
    _X_AMZN_TRACE_ID: expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$/),
    context: { memoryLimitInMB: '256', awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
  });
});
