import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Chat, startChat } from '../assemblies/start-chat.ts';

let chat: Chat;
beforeAll(async () => {
  chat = await startChat({ seed: 7, faults: [{ kind: 'fail', service: 'secretsmanager', times: 1 }] });
});
afterEach(() => chat.cloud.faults.clear());
afterAll(() => chat.close());

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** Asked for by a function, with its own access key. */
async function call(service: string, path: string, headers: Record<string, string>, body: object): Promise<Answer> {
  const result = await chat.cloud.functions['Worker']?.invoke({ action: 'call', service, path, headers, body });
  return JSON.parse(result?.payload ?? '');
}

const readSecret = () =>
  call(
    'SECRETS_MANAGER',
    '/',
    { 'x-amz-target': 'secretsmanager.GetSecretValue' },
    {
      SecretId: chat.cloud.outputs['SecretArn'],
    },
  );
const invokeMessage = () =>
  call('LAMBDA', '/2015-03-31/functions/Chat-Message/invocations', { 'x-amz-invocation-type': 'DryRun' }, {});

describe('a fault of a service', () => {
  it('occurs from the start if configured, as often as configured', async () => {
    expect(await readSecret()).toMatchObject({
      status: 500,
      headers: { 'x-amzn-errortype': 'InternalServiceError' },
    });
    expect((await readSecret()).status).toBe(200);
    expect(chat.cloud.faults.seed).toBe(7);
  });

  it.each([
    ['fail', 'secretsmanager', readSecret, 500, 'InternalServiceError'],
    ['throttle', 'secretsmanager', readSecret, 400, 'ThrottlingException'],
    ['fail', 'lambda', invokeMessage, 500, 'ServiceException'],
    ['throttle', 'lambda', invokeMessage, 429, 'TooManyRequestsException'],
  ] as const)('%s of %s looks as it does on AWS, until it is taken away', async (kind, service, ask, status, type) => {
    const takeAway = chat.cloud.faults.inject({ kind, service });
    expect(await ask()).toMatchObject({ status, headers: { 'x-amzn-errortype': type } });
    takeAway();
    expect((await ask()).status).toBeLessThan(300);
  });

  it('of one service does not affect the others', async () => {
    chat.cloud.faults.inject({ kind: 'fail', service: 'dynamodb' });
    expect((await readSecret()).status).toBe(200);
    expect((await invokeMessage()).status).toBe(204);
  });

  it('delays an answer', async () => {
    chat.cloud.faults.inject({ kind: 'delay', service: 'lambda', ms: 80 });
    const askedAt = performance.now();
    expect((await invokeMessage()).status).toBe(204);
    expect(performance.now() - askedAt).toBeGreaterThanOrEqual(79);
  });

  it('must name an existing function', () => {
    expect(() => chat.cloud.faults.inject({ kind: 'kill', function: 'Tick' })).toThrow(
      'There is no function Tick: Authorizer, Connect, Message, Disconnect, Worker.',
    );
  });
});
