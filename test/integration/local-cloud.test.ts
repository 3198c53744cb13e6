import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InvocationResult } from '../../local/index.ts';
import type { TestTemplate } from '../assemblies/assembly.ts';
import { printed } from '../assemblies/start-assembly.ts';
import { type Chat, startChat } from '../assemblies/start-chat.ts';
import { connect } from '../socket-client.ts';
import { isRunning, isThere } from './own-children.ts';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

let chat: Chat;

beforeAll(async () => {
  process.env['SECRET_OF_THE_DEVELOPER'] = 'must not be seen';
  chat = await startChat({ maxEnvironmentsPerFunction: 2 });
});
afterAll(() => chat.close());

/** Resolves when a function has printed this. */
const until = (where: Chat, text: string) =>
  where.until((entry) => entry.kind === 'function-output' && printed(entry.line) === text);

async function work<T = unknown>(event: object): Promise<T> {
  const result = await worker(event);
  if (result.outcome === 'failed') throw new Error(result.errorMessage);
  return JSON.parse(result.payload) as T;
}

async function worker(event: object): Promise<InvocationResult> {
  const handle = chat.cloud.functions['Worker'];
  if (handle === undefined) throw new Error('The stack has no Worker.');
  return handle.invoke(event);
}

describe('a function', () => {
  it('keeps its state between warm invocations and runs in one environment when they follow each other', async () => {
    const first = await work<number>({ action: 'count' });
    const before = chat.cloud.functions['Worker']?.coldStarts;
    expect(await work({ action: 'count' })).toBe(first + 1);
    expect(await work({ action: 'count' })).toBe(first + 2);
    expect(chat.cloud.functions['Worker']?.coldStarts).toBe(before);
  });

  it("sees its own environment, Lambda's and nothing of the parent's", async () => {
    const environment = await work<Record<string, string>>({ action: 'environment' });
    expect(environment).toMatchObject({
      OWN: 'of the template',
      AWS_REGION: 'us-east-1',
      TZ: ':UTC',
      _HANDLER: 'index.handler',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      AWS_LAMBDA_FUNCTION_NAME: 'Chat-Worker',
    });
    expect(environment['SECRET_OF_THE_DEVELOPER']).toBeUndefined();
    expect(environment['HOME']).toBeUndefined();
    const endpoints = Object.entries(environment).filter(([name]) => name.startsWith('AWS_ENDPOINT_URL'));
    expect(endpoints).toHaveLength(5);
    for (const [, url] of endpoints) expect(new URL(url).hostname).toBe('127.0.0.1');
  });

  it('gets the context of Lambda', async () => {
    const context = await work<Record<string, unknown>>({ action: 'context' });
    expect(context).toMatchObject({
      functionName: 'Chat-Worker',
      functionVersion: '$LATEST',
      invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:Chat-Worker',
      memoryLimitInMB: '128',
      logGroupName: '/aws/lambda/Chat-Worker',
    });
    expect(context['awsRequestId']).toMatch(/^[0-9a-f-]{36}$/);
    expect(context['remaining']).toBeGreaterThan(1000);
    expect(context['remaining']).toBeLessThanOrEqual(3000);
  });

  it.each(['nothing', 'function', 'symbol', 'odd toJSON'])('that returns %s answers null', async (action) => {
    expect(await worker({ action })).toEqual({ outcome: 'returned', payload: 'null' });
  });

  it('that throws fails with its type, message and trace, and its environment lives on', async () => {
    const pid = await work({ action: 'pid' });
    const result = await worker({ action: 'throws' });
    expect(result).toMatchObject({ outcome: 'failed', errorType: 'TypeError', errorMessage: 'worker failed' });
    expect(JSON.parse(result.payload).trace[0]).toBe('TypeError: worker failed');
    expect(await work({ action: 'pid' })).toBe(pid);
  });

  it.each([
    ['exits', { action: 'exits', code: 3 }, 'Runtime.ExitError', /Runtime exited with error: exit status 3$/],
    ['times out', { action: 'hangs' }, 'Sandbox.Timedout', /Task timed out after 3\.00 seconds$/],
    ['floats a rejection', { action: 'floats' }, 'Runtime.ExitError', /Runtime exited with error: exit status 1$/],
  ])('that %s fails, and the next invocation gets a new environment', async (_, event, errorType, message) => {
    const pid = await work({ action: 'pid' });
    const result = await worker(event);
    expect(result).toMatchObject({ outcome: 'failed', errorType });
    expect(result.outcome === 'failed' && result.errorMessage).toMatch(message);
    expect(await work({ action: 'pid' })).not.toBe(pid);
  });

  it('runs one invocation at a time in each environment; above the limit they wait, and the log says so', async () => {
    const pids = await Promise.all([1, 2, 3, 4].map(() => work({ action: 'sleeps', ms: 100 })));
    expect(new Set(pids).size).toBe(2);
    expect(await chat.until(({ kind }) => kind === 'function-waiting')).toMatchObject({ function: 'Worker' });
  });

  it('writes each message into its log as one event', async () => {
    await work({ action: 'prints', line: 'one\ntwo' });
    expect(await until(chat, 'one\ntwo')).toMatchObject({ function: 'Worker' });
  });

  it('takes less than half the time when it is warm', async () => {
    const timed = async () => {
      const startedAt = performance.now();
      await work({ action: 'nothing' });
      return performance.now() - startedAt;
    };
    const coldMs: number[] = [];
    for (let index = 0; index < 3; index += 1) {
      // Both environments go, so that the next invocation cannot find one.
      await Promise.all([1, 2].map(() => worker({ action: 'exits', code: 0 })));
      coldMs.push(await timed());
    }
    const warmMs: number[] = [];
    for (let index = 0; index < 21; index += 1) warmMs.push(await timed());
    const [medianMs = Number.NaN] = warmMs.sort((one, other) => one - other).slice(10);
    expect(medianMs).toBeLessThan(Math.min(...coldMs) / 2);
  });
});

describe('the AWS APIs that functions call', () => {
  interface Answer {
    readonly status: number;
    readonly headers: Record<string, string>;
    readonly body: string;
  }

  const invoke = (name: string, type: string, body: object) =>
    work<Answer>({
      action: 'call',
      service: 'LAMBDA',
      path: `/2015-03-31/functions/${name}/invocations`,
      headers: { 'X-Amz-Invocation-Type': type },
      body,
    });

  it('invoke a function and wait for it', async () => {
    expect(await invoke('Chat-Worker', 'RequestResponse', { action: 'nothing' })).toMatchObject({
      status: 200,
      body: 'null',
    });
    const failed = await invoke('Chat-Worker', 'RequestResponse', { action: 'throws' });
    expect(failed).toMatchObject({ status: 200, headers: { 'x-amz-function-error': 'Unhandled' } });
    expect(JSON.parse(failed.body)).toMatchObject({ errorType: 'TypeError', errorMessage: 'worker failed' });
  });

  it('invoke a function and do not wait, with the retries of the template', async () => {
    const line = 'an event';
    const arn = 'arn:aws:lambda:us-east-1:123456789012:function:Chat-Worker';
    expect((await invoke(encodeURIComponent(arn), 'Event', { action: 'prints', line })).status).toBe(202);
    await until(chat, line);
    expect((await invoke('Chat-Worker', 'Event', { action: 'throws' })).status).toBe(202);
    expect(await chat.until(({ kind }) => kind === 'async-abandoned')).toMatchObject({
      function: 'Worker',
      attempts: 1,
    });
  });

  it('name a function that does not exist', async () => {
    expect(await invoke('Nobody', 'RequestResponse', {})).toMatchObject({
      status: 404,
      headers: { 'x-amzn-errortype': 'ResourceNotFoundException' },
    });
  });

  it('read a secret by ARN and by name', async () => {
    const read = (SecretId: string) =>
      work<Answer>({
        action: 'call',
        service: 'SECRETS_MANAGER',
        headers: { 'X-Amz-Target': 'secretsmanager.GetSecretValue' },
        body: { SecretId },
      });
    const byArn = JSON.parse((await read(String(chat.cloud.outputs['SecretArn']))).body);
    expect(byArn).toMatchObject({ ARN: chat.cloud.outputs['SecretArn'], Name: 'Chat-Credentials' });
    expect(byArn.SecretString).toBe(chat.cloud.secrets['Credentials']);
    expect(JSON.parse(byArn.SecretString)).toEqual({
      key: 'public',
      secret: expect.stringMatching(/^[A-Za-z0-9]{40}$/),
    });
    expect(JSON.parse((await read('Chat-Credentials')).body)).toEqual(byArn);
    expect(await read('another')).toMatchObject({
      status: 400,
      headers: { 'x-amzn-errortype': 'ResourceNotFoundException' },
    });
  });

  it('reject a client without an access key of this stack', async () => {
    const { AWS_ENDPOINT_URL_LAMBDA: endpoint = '' } = await work<Record<string, string>>({ action: 'environment' });
    const client = new LambdaClient({ endpoint, region: 'us-east-1', credentials });
    const call = client.send(new InvokeCommand({ FunctionName: 'Chat-Worker' }));
    await expect(call).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
    client.destroy();
  });

  it('find the tables of the template', async () => {
    const { dynamodbEndpoint: endpoint, region, credentials } = chat.cloud;
    const client = new DynamoDBClient({ endpoint, region, credentials });
    expect((await client.send(new ListTablesCommand({}))).TableNames).toEqual([chat.cloud.tables['Table']]);
    client.destroy();
  });
});

describe('outputs', () => {
  it('have addresses of this machine instead of API Gateway’s', () => {
    const { webSocketUrl, outputs } = chat.cloud;
    expect(webSocketUrl).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/prod$/);
    expect(outputs).toMatchObject({ WebSocketUrl: webSocketUrl, ManagementUrl: webSocketUrl.replace('ws:', 'http:') });
  });
});

describe('start and end', () => {
  const refusal = (change: (template: TestTemplate) => void) => expect(startChat({ change })).rejects;

  it('rejects a type that it cannot run, by logical id', async () => {
    await refusal(({ Resources }) => {
      Resources['Queue'] = { Type: 'AWS::SQS::Queue' };
    }).toThrow('Queue: the local cloud cannot run AWS::SQS::Queue.');
  });

  it('rejects a property that it does not support, by path', async () => {
    await refusal(({ Resources }) => {
      Object.assign(Resources['Worker']?.Properties ?? {}, { Layers: ['arn'] });
    }).toThrow('Worker (AWS::Lambda::Function): the property Layers is not emulated.');
  });

  it.each<[string, string, Record<string, unknown>, string]>([
    [
      'a route key of $ that API Gateway does not have',
      'OneWayRoute',
      { RouteKey: '$conect' },
      '.RouteKey: the route $conect is not valid: only $connect, $disconnect and $default begin with $.',
    ],
    [
      'an integration other than AWS_PROXY and MOCK',
      'OneWayRouteIntegration',
      { IntegrationType: 'HTTP_PROXY' },
      ': the integration type HTTP_PROXY is not emulated.',
    ],
    [
      'an authorizer on another route than $connect',
      'OneWayRoute',
      { AuthorizationType: 'CUSTOM', AuthorizerId: { Ref: 'ConnectAuthorizer' } },
      ': only $connect can have an authorizer.',
    ],
    [
      'a route response other than $default',
      'DefaultRouteResponse',
      { RouteResponseKey: 'other' },
      '.RouteResponseKey: the route response other is not emulated: only $default is.',
    ],
    [
      'retries of a version or an alias',
      'WorkerRetries',
      { Qualifier: 'live' },
      '.Qualifier: the qualifier live is not emulated: only $LATEST is.',
    ],
  ])('refuses %s, by logical id', async (_, logicalId, properties, sentence) => {
    await refusal(({ Resources }) => {
      Object.assign(Resources[logicalId]?.Properties ?? {}, properties);
    }).toThrow(logicalId + sentence);
  });

  it('rejects a template that CloudFormation would transform', async () => {
    await refusal((template) => {
      template.Transform = 'AWS::Serverless-2016-10-31';
    }).toThrow('Transform: the local cloud does not transform templates.');
  });

  it('rejects a table that DynamoDB would reject, by logical id', async () => {
    await refusal(({ Resources }) => {
      Object.assign(Resources['Table']?.Properties ?? {}, { KeySchema: [{ AttributeName: 'pk', KeyType: 'HASHH' }] });
    }).toThrow('Table: the table could not be created');
  });

  it('reports in one sentence that its port is taken, and leaves nothing open', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await expect(startChat({ port })).rejects.toThrow(`Port ${port} is in use by another program.`);
    await new Promise((resolve) => server.close(resolve));
    const there = await startChat({ port });
    expect(there.cloud.webSocketUrl).toBe(`ws://127.0.0.1:${port}/prod`);
    await there.close();
  });

  it('runs twice at the same time; closing one does not affect the other, and leaves no process', async () => {
    const [one, two] = await Promise.all([startChat(), startChat()]);
    const pid = async ({ cloud }: Chat) => {
      const result = await cloud.functions['Worker']?.invoke({ action: 'pid' });
      return Number(result?.payload);
    };
    const [first, second] = [await pid(one), await pid(two)];
    const busy = one.cloud.functions['Worker']?.invoke({ action: 'hangs' });
    await until(one, 'hanging');
    await one.close();
    expect(await busy).toMatchObject({ outcome: 'failed' });
    const late = await one.cloud.functions['Worker']?.invoke({ action: 'pid' });
    expect(late).toMatchObject({ outcome: 'failed', errorType: 'LocalCloudClosed' });
    expect([first, second].map(isThere)).toEqual([false, true]);
    expect(await pid(two)).toBe(second);
    await two.close();
    expect(isThere(second)).toBe(false);
  });

  it('closes at once although a handshake waits for its authorizer, and may be closed twice', async () => {
    const waiting = await startChat({
      change({ Resources }) {
        Object.assign(Resources['Authorizer']?.Properties ?? {}, { Timeout: 900 });
      },
    });
    const refused = connect(`${waiting.cloud.webSocketUrl}?token=hangs`).catch((error: Error) => error);
    await waiting.event('Authorizer');
    const startedAt = performance.now();
    await Promise.all([waiting.cloud.close(), waiting.cloud.close()]);
    // It would be 29 s if it waited.
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    expect(await refused).toBeInstanceOf(Error);
    await waiting.close();
  });

  // A function that is busy sees nothing of what goes on around it.
  it('ends its functions when its process is killed while they are idle, waiting or busy', async () => {
    const orphans = await startOrphans();
    expect(orphans).toHaveLength(3);
    await expect.poll(() => orphans.filter(isRunning)).toEqual([]);
  });
});

/** Starts local clouds in a process of its own that kills itself. @returns the pids of their functions' environments */
async function startOrphans(): Promise<readonly number[]> {
  const script = fileURLToPath(new URL('../assemblies/killed.ts', import.meta.url));
  const { stdout } = spawn(process.execPath, ['--import', 'tsx', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [, pids = ''] = /environments (.+)/.exec(await text(stdout)) ?? [];
  return pids.split(' ').map(Number);
}
