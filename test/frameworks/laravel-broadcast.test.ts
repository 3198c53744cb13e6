import Echo from 'laravel-echo';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Pusher, useTickets } from '../client/pusher-js.ts';
import type { TicketDemo } from '../gateway/ticket-demo.ts';
import { Visitor } from '../php/visitor.ts';
import { startLaravel, withLaravel } from './laravel-app.ts';

const ada = { name: 'ada', password: 'lovelace' };

// Laravel's broadcaster, pusher/pusher-php-server, Laravel Echo and pusher-js, all as they are.
describe('Laravel, broadcasting to Laravel Echo', withLaravel, () => {
  let demo: TicketDemo;
  const opened: Echo<'pusher'>[] = [];
  const createWebSocket = Pusher.Runtime.createWebSocket;
  beforeAll(async () => {
    // The socket of pusher-js for Node sends no Origin.
    const context = { allowMissingOrigin: 'true' };
    ({ demo } = await startLaravel({ sessions: 'database', name: 'laravel-broadcast', context }));
  });
  afterEach(() => {
    for (const echo of opened.splice(0)) echo.disconnect();
    Pusher.Runtime.createWebSocket = createWebSocket;
    expect(demo.complaints.join('\n')).toBe('');
  });
  afterAll(() => demo?.close());

  const logIn = async () => {
    const visitor = new Visitor(demo.pageUrl);
    await visitor.submit('/login', ada);
    return visitor;
  };
  /** What the page does: Echo with tickets, and the session's cookie wherever it asks Laravel. */
  const openPage = async () => {
    const visitor = await logIn();
    const { key } = demo.credentials;
    useTickets(Pusher, { key, url: demo.webSocketUrl, fetchTicket: () => visitor.fetchToken() });
    const echo = new Echo({
      broadcaster: 'pusher',
      key,
      cluster: '',
      enabledTransports: ['ws', 'wss'],
      Pusher: Pusher as never, // its types are those of the browser's build
      channelAuthorization: {
        transport: 'ajax',
        endpoint: '/broadcasting/auth',
        customHandler({ socketId, channelName }, answer) {
          authorize(visitor, socketId, channelName).then(
            async (response) =>
              response.ok ? answer(null, (await response.json()) as { auth: string }) : answer(refusal(response), null),
            (error) => answer(error, null),
          );
        },
      },
    });
    opened.push(echo);
    await new Promise<void>((resolve) => echo.connector.pusher.connection.bind('connected', resolve));
    return { echo, visitor };
  };
  const authorize = (visitor: Visitor, socketId: string, channelName: string) =>
    visitor.post('/broadcasting/auth', new URLSearchParams({ socket_id: socketId, channel_name: channelName }));
  const refusal = ({ status }: Response) => new Error(String(status));
  const ship = (visitor: Visitor, order: string, by?: Echo<'pusher'>) =>
    visitor.submit('/orders', { order }, by && { 'X-Socket-ID': by.socketId() ?? '' });

  it('sends an event to the page that listens on a private channel', async () => {
    const { echo, visitor } = await openPage();
    const channel = echo.private('orders.42');
    await new Promise<void>((resolve) => channel.subscribed(resolve));
    const shipped = new Promise((resolve) => channel.listen('OrderShipped', resolve));
    expect((await ship(visitor, '1234')).status).toBe(204);
    expect(await shipped).toEqual({ order: 1234 });
  });

  it('leaves out the page that caused it', async () => {
    const [laptop, phone] = [await openPage(), await openPage()];
    const heard: unknown[] = [];
    const [mine, other] = [laptop.echo.private('orders.42'), phone.echo.private('orders.42')];
    await Promise.all([mine, other].map((channel) => new Promise<void>((resolve) => channel.subscribed(resolve))));
    mine.listen('OrderShipped', (event: unknown) => heard.push(event));
    const shipped = new Promise((resolve) => other.listen('OrderShipped', resolve));
    await ship(laptop.visitor, '1', laptop.echo);
    expect(await shipped).toEqual({ order: 1 });
    const next = new Promise((resolve) => mine.listen('OrderShipped', resolve));
    await ship(phone.visitor, '2', phone.echo);
    expect(await next).toEqual({ order: 2 });
    expect(heard).toEqual([{ order: 2 }]);
  });

  it('says who is in a presence channel, as Laravel tells it', async () => {
    const { echo } = await openPage();
    const here = new Promise((resolve) => echo.join('room.lobby').here(resolve));
    expect(await here).toEqual([{ name: 'ada' }]);
  });

  it('refuses a channel of somebody else', async () => {
    const { echo } = await openPage();
    const error = await new Promise((resolve) => echo.private('orders.43').error(resolve));
    expect(JSON.stringify(error)).toContain('403');
  });

  it('refuses who is not logged in', async () => {
    expect((await authorize(new Visitor(demo.pageUrl), '1.1', 'private-orders.42')).status).toBe(403);
  });
});
