import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signedFetch } from '../assemblies/signed-fetch.ts';
import { type Chat, startChat } from '../assemblies/start-chat.ts';
import { connect } from '../socket-client.ts';

const user = 'User: arn:aws:sts::123456789012:assumed-role/Chat-WorkerRole/Chat-Worker is not authorized to perform: ';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

let chat: Chat;

/** The worker may invoke itself and nobody else, and read every secret but ours. */
beforeAll(async () => {
  chat = await startChat({
    change({ Resources }) {
      const Statement = [
        { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: { 'Fn::GetAtt': ['Worker', 'Arn'] } },
        { Effect: 'Allow', Action: 'secretsmanager:*', Resource: '*' },
        { Effect: 'Deny', Action: 'secretsmanager:GetSecretValue', Resource: { Ref: 'Credentials' } },
        { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: '*:never' },
      ];
      const PolicyDocument = { Version: '2012-10-17', Statement };
      Object.assign(Resources['WorkerRole']?.Properties ?? {}, { Policies: [{ PolicyName: 'own', PolicyDocument }] });
    },
  });
});
afterAll(() => chat.close());

async function call(service: string, more: object): Promise<Answer> {
  const result = await chat.cloud.functions['Worker']?.invoke({ action: 'call', service, ...more });
  return JSON.parse(result?.payload ?? '{}') as Answer;
}

function invoke(name: string) {
  return call('LAMBDA', { path: `/2015-03-31/functions/${name}/invocations`, body: { action: 'nothing' } });
}

describe('a function', () => {
  it('may do everything in its role’s policy', async () => {
    expect(await invoke('Chat-Worker')).toMatchObject({ status: 200, body: 'null' });
  });

  it('is denied by Lambda everything else, even for a function that does not exist', async () => {
    for (const name of ['Chat-Message', 'Nobody']) {
      const { status, headers, body } = await invoke(name);
      expect([status, headers['x-amzn-errortype']]).toEqual([403, 'AccessDeniedException']);
      const resource = `arn:aws:lambda:us-east-1:123456789012:function:${name}`;
      const because = 'because no identity-based policy allows the lambda:InvokeFunction action';
      expect(JSON.parse(body)).toEqual({ Message: `${user}lambda:InvokeFunction on resource: ${resource} ${because}` });
    }
  });

  it('is denied by Secrets Manager everything that the policy denies', async () => {
    const { status, body } = await call('SECRETS_MANAGER', {
      headers: { 'X-Amz-Target': 'secretsmanager.GetSecretValue' },
      body: { SecretId: 'Chat-Credentials' },
    });
    expect(status).toBe(400);
    expect(JSON.parse(body)).toEqual({
      __type: 'AccessDeniedException',
      Message: `${user}secretsmanager:GetSecretValue on resource: Chat-Credentials with an explicit deny in an identity-based policy`,
    });
  });

  it('is denied by @connections everything else, and the socket gets nothing', async () => {
    const client = await connect(`${chat.cloud.webSocketUrl}?token=allow&mark=iam`);
    const { requestContext } = await chat.event('Connect', ({ queryStringParameters: q }) => q?.['mark'] === 'iam');
    const path = `/@connections/${encodeURIComponent(requestContext.connectionId)}`;
    const { status, headers, body } = await call('APIGATEWAYMANAGEMENTAPI', { path, body: 'from the worker' });
    expect([status, headers['x-amzn-errortype']]).toEqual([403, 'AccessDeniedException']);
    expect(JSON.parse(body).Message).toMatch(/9012:\w{10}\/prod\/POST\/@connections\/\{connectionId\} because no/);
    const url = `${chat.cloud.outputs['ManagementUrl']}${path}`;
    await signedFetch(chat.cloud.credentials, url, { method: 'POST', body: 'from the administrator' });
    expect(await client.next()).toBe('from the administrator');
    client.socket.close();
  });

  it('has its use of permissions in a report', async () => {
    await invoke('Chat-Worker');
    await invoke('Chat-Disconnect');
    const lambda = 'arn:aws:lambda:us-east-1:123456789012:function:Chat-';
    const report = chat.cloud.permissions().find((each) => each.function === 'Worker');
    expect(report).toMatchObject({ role: 'WorkerRole' });
    expect(report?.used).toEqual([{ action: 'lambda:InvokeFunction', resource: `${lambda}Worker` }]);
    expect(report?.denied).toContainEqual({ action: 'lambda:InvokeFunction', resource: `${lambda}Disconnect` });
    expect(report?.unused).toEqual([
      { action: 'lambda:InvokeFunction', resource: '*:never' },
      { action: 'secretsmanager:*', resource: '*' },
    ]);
  });
});

describe('nobody', () => {
  it.each(['POST', 'GET', 'DELETE'])('may %s a socket without a signature', async (method) => {
    const url = `${chat.cloud.outputs['ManagementUrl']}/@connections/L0SM9cOFvHcCIhw%3D`;
    const { status, headers, body } = await signedFetch(undefined, url, { method });
    expect([status, headers['x-amzn-errortype'], body]).toEqual([
      403,
      'MissingAuthenticationTokenException',
      '{"message":"Missing Authentication Token"}',
    ]);
  });

  it('may use the credentials of another local cloud', async () => {
    const other = await startChat();
    const { AWS_ENDPOINT_URL_LAMBDA: endpoint = '' } = await environment();
    const client = new LambdaClient({ endpoint, region: chat.cloud.region, credentials: other.cloud.credentials });
    const invocation = client.send(new InvokeCommand({ FunctionName: 'Chat-Worker' }));
    await expect(invocation).rejects.toMatchObject({
      name: 'UnrecognizedClientException',
      $metadata: { httpStatusCode: 403 },
    });
    client.destroy();
    await other.close();
  });

  it('may use the key of a function with another secret', async () => {
    const { AWS_ENDPOINT_URL_LAMBDA: endpoint = '', AWS_ACCESS_KEY_ID: accessKeyId = '' } = await environment();
    const credentials = { accessKeyId, secretAccessKey: 'guessed', sessionToken: 'guessed' };
    const client = new LambdaClient({ endpoint, region: chat.cloud.region, credentials });
    const invocation = client.send(new InvokeCommand({ FunctionName: 'Chat-Worker' }));
    await expect(invocation).rejects.toMatchObject({ name: 'InvalidSignatureException' });
    client.destroy();
  });
});

it('the administrator may do everything, with AWS’s SDK', async () => {
  const { AWS_ENDPOINT_URL_LAMBDA: endpoint = '' } = await environment();
  const { credentials, region } = chat.cloud;
  const client = new LambdaClient({ endpoint, region, credentials });
  // An ARN has colons, which the SDK encodes once and signs encoded twice.
  const FunctionName = 'arn:aws:lambda:us-east-1:123456789012:function:Chat-Worker';
  const Payload = JSON.stringify({ action: 'nothing' });
  const result = await client.send(new InvokeCommand({ FunctionName, Qualifier: '$LATEST', Payload }));
  expect([result.StatusCode, result.FunctionError, result.Payload?.transformToString()]).toEqual([
    200,
    undefined,
    'null',
  ]);
  client.destroy();
});

// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_RequestSyntax
it('a function is found by name, partial ARN and ARN, but not by those of another region or account', async () => {
  const { AWS_ENDPOINT_URL_LAMBDA: endpoint = '' } = await environment();
  const { credentials, region } = chat.cloud;
  const client = new LambdaClient({ endpoint, region, credentials });
  const invoke = (FunctionName: string) => client.send(new InvokeCommand({ FunctionName, InvocationType: 'DryRun' }));
  const arn = 'arn:aws:lambda:us-east-1:123456789012:function:Chat-Worker';
  const names = [
    'Chat-Worker',
    'Chat-Worker:$LATEST',
    'function:Chat-Worker',
    '123456789012:function:Chat-Worker',
    arn,
  ];
  for (const name of names) expect((await invoke(name)).StatusCode, name).toBe(204);
  const strangers = [arn.replace('east', 'west'), arn.replace('9012', '9013'), '123456789013:function:Chat-Worker'];
  for (const name of [...strangers, `${arn}:live`]) {
    await expect(invoke(name), name).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: `Function not found: ${name.startsWith('arn:') ? name : `arn:aws:lambda:us-east-1:${name}`}`,
    });
  }
  client.destroy();
});

// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
it('a request of 6 MB is accepted, and one byte more is rejected with Lambda’s error', async () => {
  const { AWS_ENDPOINT_URL_LAMBDA: endpoint = '' } = await environment();
  const { credentials, region } = chat.cloud;
  const client = new LambdaClient({ endpoint, region, credentials });
  const invoke = (bytes: number) => {
    const event = JSON.stringify({ action: 'nothing' });
    return client.send(new InvokeCommand({ FunctionName: 'Chat-Worker', Payload: event.padEnd(bytes) }));
  };
  expect((await invoke(6_291_456)).Payload?.transformToString()).toBe('null');
  await expect(invoke(6_291_457)).rejects.toMatchObject({
    name: 'RequestEntityTooLargeException',
    message: 'Request must be smaller than 6291456 bytes for the InvokeFunction operation',
    $metadata: { httpStatusCode: 413 },
  });
  client.destroy();
});

async function environment(): Promise<Record<string, string>> {
  const result = await chat.cloud.functions['Worker']?.invoke({ action: 'environment' });
  return JSON.parse(result?.payload ?? '{}') as Record<string, string>;
}
