import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GetConnectionCommand,
  GoneException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { TestTemplate } from '../assemblies/assembly.ts';
import { setProperties } from '../assemblies/chat.ts';
import { type AccessKey, signedFetch } from '../assemblies/signed-fetch.ts';
import { type Chat, type GatewayEvent, startChat } from '../assemblies/start-chat.ts';
import { type Client, connect } from '../socket-client.ts';
import { itHere } from './target.ts';

let chat: Chat;
let url: string;
let keys: AccessKey;
let api: ApiGatewayManagementApiClient;

beforeAll(async () => {
  chat = await startChat();
  url = `${chat.cloud.webSocketUrl}?token=allow`;
  keys = chat.cloud.credentials;
  api = new ApiGatewayManagementApiClient({ endpoint: stageUrl(), region: 'us-east-1', credentials: keys });
});
afterAll(async () => {
  api.destroy();
  await chat.close();
});

const stageUrl = () => chat.cloud.webSocketUrl.replace('ws:', 'http:');
const pathOf = (id: string) => `/@connections/${encodeURIComponent(id)}`;

let connected = 0;

interface Connected {
  readonly client: Client;
  readonly id: string;
}

async function connectWithId(to: Chat = chat): Promise<Connected> {
  connected += 1;
  const mark = String(connected);
  const client = await connect(`${to.cloud.webSocketUrl}?token=allow&mark=${mark}`);
  const { requestContext } = await to.event('Connect', ({ queryStringParameters: q }) => q?.['mark'] === mark);
  return { client, id: requestContext.connectionId };
}

/** Lets this client's handler call @connections at the address in its event. @returns the answer */
async function callFrom(client: Client, call: object): Promise<Record<string, unknown>> {
  const isReply = (frame: string) => frame.startsWith('{"status"') || frame.includes('Internal server error');
  const before = client.frames.filter(isReply).length;
  client.send({ call });
  await client.find((frame) => isReply(frame) && client.frames.filter(isReply).length > before);
  return JSON.parse(client.frames.filter(isReply).at(-1) ?? '{}');
}

const endOf = (id: string, of: Chat = chat) =>
  of.event('Disconnect', (event: GatewayEvent) => event.requestContext.connectionId === id);

itHere('#55 POST sends a text frame and is a 200 without a body', async () => {
  const { client, id } = await connectWithId();
  const answer = await signedFetch(keys, stageUrl() + pathOf(id), { method: 'POST', body: '{"event":"héllo"}' });
  expect(answer).toMatchObject({ status: 200, body: '' });
  expect(await client.next()).toBe('{"event":"héllo"}');
  await client.close();
});

itHere('#55 #N11 GET tells in camelCase when it connected, who it is and when it was last active', async () => {
  const { client, id } = await connectWithId();
  const { status, body } = await signedFetch(keys, stageUrl() + pathOf(id));
  expect(status).toBe(200);
  expect(body).toMatch(
    /^\{"connectedAt":"[^"]+Z","identity":\{"sourceIp":"127.0.0.1","userAgent":""\},"lastActiveAt":"[^"]+Z"\}$/,
  );
  await client.close();
});

itHere('#55 DELETE is a 204', async () => {
  const { client, id } = await connectWithId();
  expect(await signedFetch(keys, stageUrl() + pathOf(id), { method: 'DELETE' })).toMatchObject({ status: 204 });
  expect(await client.closed).toMatchObject({ code: 1000 });
});

itHere('#56 a message moves lastActiveAt and leaves connectedAt alone', async () => {
  const { client, id } = await connectWithId();
  const before = await api.send(new GetConnectionCommand({ ConnectionId: id }));
  client.send('hello');
  await client.next();
  const after = await api.send(new GetConnectionCommand({ ConnectionId: id }));
  expect(after.ConnectedAt).toEqual(before.ConnectedAt);
  expect(Number(after.LastActiveAt)).toBeGreaterThan(Number(before.LastActiveAt));
  await client.close();
});

itHere('#57 #N17 %40, escapes, doubled and trailing slashes lead to the connection', async () => {
  const { client, id } = await connectWithId();
  const escaped = encodeURIComponent(id);
  for (const path of [
    `/@connections/${id}`,
    `/@connections/${escaped}`,
    `/%40connections/${escaped}`,
    `//@connections/${escaped}`,
    `/@connections/${escaped}/`,
  ]) {
    expect(await signedFetch(keys, stageUrl() + path), path).toMatchObject({ status: 200 });
  }
  await client.close();
});

itHere('#57 another stage, and no stage, do not', async () => {
  const { client, id } = await connectWithId();
  const { origin } = new URL(stageUrl());
  for (const stage of ['', '/other']) {
    const answer = await signedFetch(keys, origin + stage + pathOf(id), { method: 'POST', body: 'x' });
    expect(answer).toMatchObject({ status: 403 });
  }
  await client.close();
  expect(client.frames).toEqual([]);
});

itHere('#58 #N11 an id that ended or never was is a GoneException of the SDK, with an empty body', async () => {
  const { client, id } = await connectWithId();
  await client.close();
  await endOf(id);
  for (const ConnectionId of [id, 'L0SM9cOFvHcCIhw=']) {
    for (const command of [
      new PostToConnectionCommand({ ConnectionId, Data: 'x' }),
      new GetConnectionCommand({ ConnectionId }),
      new DeleteConnectionCommand({ ConnectionId }),
    ]) {
      await expect(api.send(command as PostToConnectionCommand)).rejects.toBeInstanceOf(GoneException);
    }
    const answer = await signedFetch(keys, stageUrl() + pathOf(ConnectionId), { method: 'POST', body: 'x' });
    expect(answer).toMatchObject({ status: 410, body: '', headers: { 'x-amzn-errortype': 'GoneException' } });
  }
});

itHere('#59 a malformed id is a BadRequestException', async () => {
  const answer = await signedFetch(keys, `${stageUrl()}/@connections/not-an-id`, { method: 'POST', body: 'x' });
  expect(answer).toMatchObject({ status: 400, headers: { 'x-amzn-errortype': 'BadRequestException' } });
  expect(JSON.parse(answer.body)).toEqual({ message: 'Invalid connectionId: not-an-id' });
});

itHere('#60 #N15 a connection is gone while its $connect runs, and there when it returned', async () => {
  const connecting = connect(`${url}&connect=slow&mark=early`);
  const { requestContext } = await chat.event('Connect', ({ queryStringParameters: q }) => q?.['mark'] === 'early');
  const post = () => api.send(new PostToConnectionCommand({ ConnectionId: requestContext.connectionId, Data: 'x' }));
  await expect(post()).rejects.toBeInstanceOf(GoneException);
  const client = await connecting;
  expect((await post()).$metadata.httpStatusCode).toBe(200);
  expect(await client.next()).toBe('x');
  await client.close();
});

itHere('#61 a POST above 128 KB is a PayloadTooLargeException and leaves the socket alone', async () => {
  const { client, id } = await connectWithId();
  const Data = 'x'.repeat(128 * 1024 + 1);
  const post = api.send(new PostToConnectionCommand({ ConnectionId: id, Data }));
  await expect(post).rejects.toMatchObject({ name: 'PayloadTooLargeException', $metadata: { httpStatusCode: 413 } });
  await api.send(new PostToConnectionCommand({ ConnectionId: id, Data: Data.slice(1) }));
  expect(await client.next()).toHaveLength(128 * 1024);
  await client.close();
});

itHere('#62 #N1 DELETE closes with 1000 and runs $disconnect with its text; a second one finds nobody', async () => {
  const { client, id } = await connectWithId();
  await api.send(new DeleteConnectionCommand({ ConnectionId: id }));
  await expect(api.send(new DeleteConnectionCommand({ ConnectionId: id }))).rejects.toBeInstanceOf(GoneException);
  expect(await client.closed).toMatchObject({ code: 1000 });
  expect((await endOf(id)).requestContext).toMatchObject({
    disconnectStatusCode: 1000,
    disconnectReason: 'Connection Closed Normally',
  });
});

describe('#63 who may not manage a connection', () => {
  const resource = (behind: string) => ({
    'Fn::Join': ['', ['arn:aws:execute-api:', { Ref: 'AWS::Region' }, ':*:', { Ref: 'Api' }, behind]],
  });

  /** A chat whose message function has this permission alone. @returns what its handler is answered */
  async function answersOf(Resource: unknown, methods: readonly string[]): Promise<readonly unknown[]> {
    const Statement = [{ Effect: 'Allow', Action: 'execute-api:ManageConnections', Resource }];
    const change = (template: TestTemplate) =>
      setProperties(template, 'MessageRole', { Policies: [{ PolicyName: 'own', PolicyDocument: { Statement } }] });
    const other = await startChat({ change });
    try {
      const { client, id } = await connectWithId(other);
      const answers: unknown[] = [];
      for (const method of methods) {
        answers.push(await callFrom(client, { method, connectionId: id, data: 'x', address: 'template' }));
      }
      return answers;
    } finally {
      await other.close();
    }
  }

  itHere('#63 on another stage only: 403', async () => {
    const [answer] = await answersOf(resource('/other/*/@connections/*'), ['POST']);
    expect(answer).toMatchObject({ status: 403 });
  });

  itHere('#63 with another method only: 403', async () => {
    const answers = await answersOf(resource('/prod/GET/@connections/*'), ['GET', 'POST', 'DELETE']);
    expect(answers).toMatchObject([{ status: 200 }, { status: 403 }, { status: 403 }]);
  });

  itHere('#63 with another id only: 403', async () => {
    const [answer] = await answersOf(resource('/prod/POST/@connections/L0SM9cOFvHcCIhw='), ['POST']);
    expect(answer).toMatchObject({ status: 403 });
  });

  itHere('#63 with a permission for the stage: 200', async () => {
    const answers = await answersOf(resource('/prod/*/@connections/*'), ['POST', 'GET']);
    expect(answers).toMatchObject([{ status: 200 }, { status: 200 }]);
  });

  itHere('#63 without a signature, or with one of an unknown key: 403, and the socket hears nothing', async () => {
    const { client, id } = await connectWithId();
    const stranger = { accessKeyId: 'AKIASTRANGERSTRANGER', secretAccessKey: 'stranger' };
    const wrong = { ...keys, secretAccessKey: 'wrong' };
    for (const signedBy of [undefined, stranger, wrong]) {
      const answer = await signedFetch(signedBy, stageUrl() + pathOf(id), { method: 'POST', body: 'x' });
      expect(answer).toMatchObject({ status: 403 });
    }
    await client.close();
    expect(client.frames).toEqual([]);
  });
});

itHere.each(['domainName', 'apiId', 'template'])(
  '#64 a handler posts to the address that it makes of the %s',
  async (address) => {
    const { client, id } = await connectWithId();
    const answer = await callFrom(client, { method: 'POST', connectionId: id, data: 'to itself', address });
    expect(answer).toEqual({ status: 200 });
    expect(client.frames).toContain('to itself');
    await client.close();
  },
);

itHere('#65 the handler of one connection posts to another, and finds one that closed gone', async () => {
  const [one, two] = [await connectWithId(), await connectWithId()];
  const post = { method: 'POST', connectionId: two.id, data: 'from one', address: 'template' };
  expect(await callFrom(one.client, post)).toEqual({ status: 200 });
  expect(await two.client.next()).toBe('from one');
  await two.client.close();
  await endOf(two.id);
  expect(await callFrom(one.client, post)).toEqual({ status: 410, name: 'GoneException', isGone: true });
  await one.client.close();
});
