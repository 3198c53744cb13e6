import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GetConnectionCommand,
  GoneException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Chat, startChat } from '../assemblies/start-chat.ts';
import { type Client, connect } from '../socket-client.ts';

let chat: Chat;
let url: string;
let api: ApiGatewayManagementApiClient;

beforeAll(async () => {
  chat = await startChat();
  url = `${chat.cloud.webSocketUrl}?token=allow`;
  api = new ApiGatewayManagementApiClient({
    endpoint: String(chat.cloud.outputs.ManagementUrl),
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
});
afterAll(async () => {
  api.destroy();
  await chat.close();
});

let connected = 0;

async function connectWithId(): Promise<{ readonly client: Client; readonly id: string }> {
  connected += 1;
  const mark = String(connected);
  const client = await connect(`${url}&mark=${mark}`);
  const { requestContext } = await chat.event('Connect', ({ queryStringParameters: q }) => q?.mark === mark);
  return { client, id: requestContext.connectionId };
}

describe('@connections', () => {
  it('POST sends a text frame and answers 200 with an empty body (55)', async () => {
    const { client, id } = await connectWithId();
    await api.send(new PostToConnectionCommand({ ConnectionId: id, Data: '{"event":"hello"}' }));
    expect(await client.next()).toBe('{"event":"hello"}');
    client.socket.close();
  });

  it('GET tells when it connected, who it is and when it was last active, in camelCase (55, 56)', async () => {
    const { client, id } = await connectWithId();
    const path = `${chat.cloud.outputs.ManagementUrl}/@connections/${encodeURIComponent(id)}`;
    const wire = await (await fetch(path)).text();
    expect(wire).toMatch(
      /^\{"connectedAt":"[^"]+Z","identity":\{"sourceIp":"127.0.0.1","userAgent":""\},"lastActiveAt":"[^"]+Z"\}$/,
    );
    const before = await api.send(new GetConnectionCommand({ ConnectionId: id }));
    client.send('hello');
    await client.next();
    const after = await api.send(new GetConnectionCommand({ ConnectionId: id }));
    expect(after.ConnectedAt).toEqual(before.ConnectedAt);
    expect(Number(after.LastActiveAt)).toBeGreaterThan(Number(before.LastActiveAt));
    client.socket.close();
  });

  it('DELETE closes with 1000 and runs $disconnect with its text; a second one finds nobody (62)', async () => {
    const { client, id } = await connectWithId();
    await api.send(new DeleteConnectionCommand({ ConnectionId: id }));
    await expect(api.send(new DeleteConnectionCommand({ ConnectionId: id }))).rejects.toBeInstanceOf(GoneException);
    expect(await client.closed).toMatchObject({ code: 1000 });
    const event = await chat.event('Disconnect', (each) => each.requestContext.connectionId === id);
    expect(event.requestContext).toMatchObject({
      disconnectStatusCode: 1000,
      disconnectReason: 'Connection Closed Normally',
    });
  });

  it('a connection that ended or never was is a GoneException of the SDK, with an empty body (58)', async () => {
    const { client, id } = await connectWithId();
    client.socket.close();
    await chat.event('Disconnect', (each) => each.requestContext.connectionId === id);
    for (const ConnectionId of [id, 'L0SM9cOFvHcCIhw=']) {
      const post = new PostToConnectionCommand({ ConnectionId, Data: 'x' });
      await expect(api.send(post)).rejects.toBeInstanceOf(GoneException);
      await expect(api.send(new GetConnectionCommand({ ConnectionId }))).rejects.toBeInstanceOf(GoneException);
    }
    const path = `${chat.cloud.outputs.ManagementUrl}/@connections/L0SM9cOFvHcCIhw%3D`;
    const answer = await fetch(path, { method: 'POST', body: 'x' });
    expect([answer.status, await answer.text()]).toEqual([410, '']);
  });

  it('a malformed id is a BadRequestException (59)', async () => {
    const path = `${chat.cloud.outputs.ManagementUrl}/@connections/not-an-id`;
    const answer = await fetch(path, { method: 'POST', body: 'x' });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('x-amzn-errortype')).toBe('BadRequestException');
    expect(await answer.json()).toEqual({ message: 'Invalid connectionId: not-an-id' });
  });

  it('%40, doubled and trailing slashes find the connection, another stage does not (57)', async () => {
    const { client, id } = await connectWithId();
    const { origin } = new URL(String(chat.cloud.outputs.ManagementUrl));
    const escaped = encodeURIComponent(id);
    for (const path of [
      `/prod/%40connections/${escaped}`,
      `/prod//@connections/${escaped}`,
      `/prod/@connections/${id}/`,
    ]) {
      expect((await fetch(origin + path)).status).toBe(200);
    }
    expect((await fetch(`${origin}/@connections/${escaped}`, { method: 'POST', body: 'x' })).status).toBe(403);
    expect((await fetch(`${origin}/test/@connections/${escaped}`)).status).toBe(403);
    client.socket.close();
  });

  it('POST above 128 KB is a PayloadTooLargeException and leaves the socket alone (61)', async () => {
    const { client, id } = await connectWithId();
    const Data = 'x'.repeat(128 * 1024 + 1);
    const post = api.send(new PostToConnectionCommand({ ConnectionId: id, Data }));
    await expect(post).rejects.toMatchObject({ name: 'PayloadTooLargeException', $metadata: { httpStatusCode: 413 } });
    await api.send(new PostToConnectionCommand({ ConnectionId: id, Data: Data.slice(1) }));
    expect(await client.next()).toHaveLength(128 * 1024);
    client.socket.close();
  });
});
