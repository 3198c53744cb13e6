import { ApiGatewayManagementApiClient, DeleteConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import Echo from 'laravel-echo';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectionIdOf } from '../../functions/core/connections/connection.ts';
import { Pusher, useTickets } from '../client/pusher-js.ts';
import { startTicketDemo, type TicketDemo } from '../gateway/ticket-demo.ts';
import { Visitor } from '../php/visitor.ts';
import { type Api, createApi } from '../protocol/http-api-client.ts';

// pusher-js as it is on npm, against the template that would be deployed.
describe('pusher-js with one-use tickets', () => {
  let demo: TicketDemo;
  let sockets: ApiGatewayManagementApiClient;
  let api: Api;
  const clients: Pusher[] = [];
  const createWebSocket = Pusher.Runtime.createWebSocket;
  beforeAll(async () => {
    // Its socket for Node sends no Origin.
    demo = await startTicketDemo(
      { allowMissingOrigin: 'true' },
      { app: { root: '.', router: 'test/fixtures/pusher-app/index.php' } },
    );
    api = createApi(demo.apiUrl, demo.credentials);
    const { credentials, region, outputs } = demo.cloud;
    const endpoint = (outputs['WebSocketUrl'] ?? '').replace(/^ws/, 'http');
    sockets = new ApiGatewayManagementApiClient({ endpoint, credentials, region });
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.disconnect();
    Pusher.Runtime.createWebSocket = createWebSocket;
  });
  afterAll(async () => {
    sockets?.destroy();
    await demo?.close();
  });

  const dial = (fetchTicket: () => Promise<string>, visitor?: Visitor) => {
    const { key } = demo.credentials;
    useTickets(Pusher, { key, url: demo.webSocketUrl, fetchTicket });
    const client = new Pusher(key, {
      cluster: '',
      enabledTransports: ['ws', 'wss'],
      activityTimeout: 540_000,
      unavailableTimeout: 500,
      channelAuthorization: { customHandler: askToJoin(visitor) } as never,
    });
    clients.push(client);
    return client;
  };
  const logIn = async () => {
    const visitor = new Visitor(demo.pageUrl);
    await visitor.logIn();
    return visitor;
  };
  /** As pusher-js does it in a page, whose cookies it has not here. */
  const askToJoin =
    (visitor: Visitor | undefined) =>
    async (
      { socketId, channelName }: { readonly socketId: string; readonly channelName: string },
      callback: (error: Error | null, signature: unknown) => void,
    ) => {
      const body = new URLSearchParams({ socket_id: socketId, channel_name: channelName });
      const answer = await visitor?.post('/pusher/auth', body);
      callback(answer?.ok ? null : new Error(`${answer?.status}`), await answer?.json());
    };
  const enter = async (user: string) => {
    const visitor = new Visitor(demo.pageUrl);
    await visitor.get(`/login?user=${user}`);
    const client = dial(() => visitor.fetchToken(), visitor);
    await state(client, 'connected');
    return client;
  };
  const event = (channel: { bind(name: string, listen: (data: never) => void): unknown }, name: string) =>
    new Promise<unknown>((resolve) => channel.bind(name, resolve));
  const state = (client: Pusher, name: string) =>
    new Promise<void>((resolve) => {
      if (client.connection.state === name) resolve();
      else client.connection.bind(name, resolve);
    });
  const cut = (client: Pusher) =>
    sockets.send(new DeleteConnectionCommand({ ConnectionId: connectionIdOf(client.connection.socket_id) ?? '' }));

  it('connects, and reconnects a second after a cut, each time with a new ticket', async () => {
    const visitor = await logIn();
    const tickets: string[] = [];
    const client = dial(async () => {
      tickets.push(await visitor.fetchToken());
      return tickets.at(-1) ?? '';
    });
    await state(client, 'connected');
    const before = client.connection.socket_id;
    const waits: number[] = [];
    client.connection.bind('connecting_in', (seconds: number) => waits.push(seconds));
    const back = new Promise<void>((resolve) => client.connection.bind('connected', resolve));
    await cut(client);
    await back;
    expect(waits).toEqual([1]);
    expect(client.connection.socket_id).not.toBe(before);
    expect(new Set(tickets).size).toBe(2);
  });

  it('joins the channels that PHP allows, and gets their events of PHP and others, but no other channels’', async () => {
    const [ada, bob] = [await enter('ada'), await enter('bob')];
    const orders = ada.subscribe('private-orders-ada');
    const forbidden = bob.subscribe('private-orders-ada');
    const refused = event(forbidden, 'pusher:subscription_error');
    await event(orders, 'pusher:subscription_succeeded');
    expect(await refused).toMatchObject({ type: 'AuthError' });

    const adasRoom = ada.subscribe('presence-office');
    await event(adasRoom, 'pusher:subscription_succeeded');
    const joined = event(adasRoom, 'pusher:member_added');
    const bobsRoom = bob.subscribe('presence-office');
    expect(await event(bobsRoom, 'pusher:subscription_succeeded')).toMatchObject({ count: 2, myID: 'bob' });
    expect(await joined).toEqual({ id: 'bob', info: { name: 'User bob' } });

    const shipped = event(orders, 'shipped');
    await api('POST', '/events', { name: 'shipped', channel: 'private-orders-ada', data: '{"id":7}' });
    expect(await shipped).toEqual({ id: 7 });
    const typing = event(adasRoom, 'client-typing');
    expect(bobsRoom.trigger('client-typing', { where: 'here' })).toBe(true);
    expect(await typing).toEqual({ where: 'here' });

    const left = event(adasRoom, 'pusher:member_removed');
    bob.disconnect();
    expect(await left).toMatchObject({ id: 'bob' });
  });

  it('works with Laravel Echo', async () => {
    const client = await enter('ada');
    const echo = new Echo({ broadcaster: 'pusher', key: demo.credentials.key, client } as never);
    const shipped = new Promise((resolve) => echo.private('orders-ada').listen('OrderShipped', resolve));
    const here = new Promise((resolve) => echo.join('office').here(resolve));
    expect(await here).toEqual([{ name: 'User ada' }]);
    const channel = 'private-orders-ada';
    await expect.poll(() => client.channel(channel)?.subscribed).toBe(true);
    await api('POST', '/events', { name: 'App\\Events\\OrderShipped', channel, data: '{"id":7}' });
    expect(await shipped).toEqual({ id: 7 });
  });

  it('is unavailable while no ticket can be fetched, and opens no socket', async () => {
    const handshakes = demo.handshakes().length;
    const client = dial(() => Promise.reject(new Error('/getSessionID answered 403.')));
    await state(client, 'unavailable');
    expect(demo.handshakes()).toHaveLength(handshakes);
  });

  it('opens no socket when it was disconnected while the ticket was fetched', async () => {
    const handshakes = demo.handshakes().length;
    let giveTicket = (_ticket: string) => {};
    const client = dial(() => new Promise((resolve) => (giveTicket = resolve)));
    client.disconnect();
    giveTicket(await (await logIn()).fetchToken());
    await state(client, 'disconnected');
    expect(demo.handshakes()).toHaveLength(handshakes);
  });

  it('does not affect sockets of other keys', () => {
    const dialled: string[] = [];
    Pusher.Runtime.createWebSocket = (url: string) => {
      dialled.push(url);
      return {} as never;
    };
    useTickets(Pusher, { key: 'ours', url: demo.webSocketUrl, fetchTicket: () => new Promise(() => {}) });
    Pusher.Runtime.createWebSocket('wss://ws.example.com/app/theirs?protocol=7');
    Pusher.Runtime.createWebSocket('wss://ws.example.com/app/ours?protocol=7');
    expect(dialled).toEqual(['wss://ws.example.com/app/theirs?protocol=7']);
  });
});
