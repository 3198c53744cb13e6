import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Follower, followInspector } from '../assemblies/inspector-copy.ts';
import { signedFetch } from '../assemblies/signed-fetch.ts';
import { type Chat, startChat } from '../assemblies/start-chat.ts';
import { connect, handshakeStatus } from '../socket-client.ts';

let chat: Chat;
let follower: Follower;
const url = (token: string) => `${chat.cloud.webSocketUrl}?token=${token}`;

beforeAll(async () => {
  chat = await startChat();
  follower = await followInspector(chat.cloud.inspectorUrl ?? '');
});
afterAll(async () => {
  await chat.close();
  await follower.ended;
});

const refusals = () => follower.copy.records('refusals');
const lastConnection = () => follower.copy.all('connections').at(-1);

describe('The page of a local cloud', () => {
  it('is on the port of the WebSocket API', () => {
    const { host } = new URL(chat.cloud.webSocketUrl);
    expect(chat.cloud.inspectorUrl).toBe(`http://${host}/_local`);
  });

  it('shows each connection, with the authorizer’s context, until it closes', async () => {
    const client = await connect(url('allow'), { headers: { 'User-Agent': 'a test' } });
    await follower.until((copy) => copy.records('connections').length === 1);
    const [id, connection] = lastConnection() ?? [];
    expect(id).toMatch(/^[\w-]{15}=$/);
    expect(connection).toMatchObject({
      stage: 'prod',
      sourceIp: '127.0.0.1',
      userAgent: 'a test',
      context: { principalId: 'user:42', name: 'gonzalo', number: '7', flag: 'true' },
    });
    client.socket.close(1000, 'done');
    await follower.until((copy) => copy.records('connections')[0]?.endedAt !== undefined);
    expect(lastConnection()?.[1]).toMatchObject({ code: 1000 });
  });

  it('shows the frames in both directions, and who sent them', async () => {
    const client = await connect(url('allow'));
    client.send('{"action":"oneWay","throws":true}');
    await client.next();
    client.send('hello');
    await client.next();
    await follower.until((copy) => copy.records('messages').length === 4);
    const shown = follower.copy.records('messages').map(({ direction, routeKey, by }) => [direction, routeKey ?? by]);
    expect(shown).toEqual([
      ['in', 'oneWay'],
      ['out', 'gateway'],
      ['in', '$default'],
      ['out', 'reply'],
    ]);
    expect(follower.copy.records('messages').map(({ body }) => body)).toContain('hello');
    const [id = ''] = lastConnection() ?? [];
    const path = `${chat.cloud.outputs['ManagementUrl']}/@connections/${encodeURIComponent(id)}`;
    await signedFetch(chat.cloud.credentials, path, { method: 'POST', body: 'posted' });
    await follower.until((copy) => copy.records('messages').length === 5);
    expect(follower.copy.records('messages').at(-1)).toMatchObject({ direction: 'out', by: 'post', body: 'posted' });
    client.socket.close();
  });

  it('shows why a handshake was rejected, and its identity in the functions', async () => {
    expect(await handshakeStatus(url('deny'))).toBe(403);
    expect(await handshakeStatus(chat.cloud.webSocketUrl.replace('/prod', '/nowhere'))).toBe(403);
    expect(await handshakeStatus(chat.cloud.webSocketUrl)).toBe(401);
    await follower.until((copy) => copy.records('refusals').length === 3);
    const event = await chat.event(
      'Authorizer',
      ({ queryStringParameters }) => queryStringParameters?.['token'] === 'deny',
    );
    expect(refusals()[0]).toMatchObject({
      status: 403,
      reason: 'the authorizer policy has an explicit deny',
      stage: 'prod',
      connectionId: event.requestContext.connectionId,
    });
    expect(refusals()[1]).toMatchObject({ status: 403, reason: 'there is no such stage', stage: 'nowhere' });
    expect(refusals()[1]).not.toHaveProperty('connectionId');
    expect(refusals()[2]).toMatchObject({ status: 401, reason: 'the identity source is missing' });
  });

  it('shows no query string, unless a function logs it', async () => {
    expect(await handshakeStatus(url('deny&more=not-to-be-seen'))).toBe(403);
    await follower.until((copy) => copy.records('refusals').length === 4);
    const own = (['connections', 'refusals', 'messages'] as const).map((table) => follower.copy.all(table));
    expect(JSON.stringify(own)).not.toMatch(/not-to-be-seen|token/);
  });
});

it('without the page its address gets a 403', async () => {
  const bare = await startChat({ inspector: false });
  expect(bare.cloud.inspectorUrl).toBeUndefined();
  const answer = await fetch(`http://${new URL(bare.cloud.webSocketUrl).host}/_local`);
  expect(answer.status).toBe(403);
  await bare.close();
});
