import { ApiGatewayManagementApiClient, DeleteConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectionIdOf } from '../../functions/core/connection.ts';
import { Visitor } from '../php/visitor.ts';
import { hasNativePhp } from '../php-kinds.ts';
import { Pusher, useTickets } from '../pusher-js.ts';
import { startTicketDemo, type TicketDemo } from '../ticket-demo.ts';

// pusher-js as it is on npm, against the template that would be deployed.
describe.skipIf(!hasNativePhp)('pusher-js with one-use tickets', () => {
  let demo: TicketDemo;
  let sockets: ApiGatewayManagementApiClient;
  const clients: Pusher[] = [];
  const createWebSocket = Pusher.Runtime.createWebSocket;
  beforeAll(async () => {
    // Its socket for Node sends no Origin.
    demo = await startTicketDemo({ allowMissingOrigin: 'true' });
    const { credentials, region, outputs } = demo.cloud;
    const endpoint = (outputs.WebSocketUrl ?? '').replace(/^ws/, 'http');
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

  const dial = (fetchTicket: () => Promise<string>) => {
    const { key } = demo.credentials;
    useTickets(Pusher, { key, url: demo.webSocketUrl, fetchTicket });
    const client = new Pusher(key, {
      cluster: '',
      enabledTransports: ['ws', 'wss'],
      activityTimeout: 540_000,
      unavailableTimeout: 500,
    });
    clients.push(client);
    return client;
  };
  const logIn = async () => {
    const visitor = new Visitor(demo.pageUrl);
    await visitor.logIn();
    return visitor;
  };
  const state = (client: Pusher, name: string) =>
    new Promise<void>((resolve) => {
      if (client.connection.state === name) resolve();
      else client.connection.bind(name, resolve);
    });
  const cut = (client: Pusher) =>
    sockets.send(new DeleteConnectionCommand({ ConnectionId: connectionIdOf(client.connection.socket_id) ?? '' }));

  it('connects, and is back within two seconds after a cut, with a ticket of its own each time', async () => {
    const visitor = await logIn();
    const tickets: string[] = [];
    const client = dial(async () => {
      tickets.push(await visitor.fetchToken());
      return tickets.at(-1) ?? '';
    });
    await state(client, 'connected');
    const before = client.connection.socket_id;
    const cutAt = performance.now();
    const back = new Promise<void>((resolve) => client.connection.bind('connected', resolve));
    await cut(client);
    await back;
    expect(performance.now() - cutAt).toBeLessThan(2_000);
    expect(client.connection.socket_id).not.toBe(before);
    expect(new Set(tickets).size).toBe(2);
  });

  it('is unavailable while no ticket can be fetched, and opens nothing', async () => {
    const handshakes = demo.handshakes().length;
    const client = dial(() => Promise.reject(new Error('/getSessionID answered 403.')));
    await state(client, 'unavailable');
    expect(demo.handshakes()).toHaveLength(handshakes);
  });

  it('opens nothing when it was told to stop while the ticket was fetched', async () => {
    const handshakes = demo.handshakes().length;
    let giveTicket = (_ticket: string) => {};
    const client = dial(() => new Promise((resolve) => (giveTicket = resolve)));
    client.disconnect();
    giveTicket(await (await logIn()).fetchToken());
    await state(client, 'disconnected');
    expect(demo.handshakes()).toHaveLength(handshakes);
  });

  it('leaves sockets of other keys alone', () => {
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
