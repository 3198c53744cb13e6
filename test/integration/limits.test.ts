import { afterEach, describe, expect, it } from 'vitest';
import { type SealingApp, startSealingApp } from '../fakes/sealing-app.ts';
import { type Gateway, startGateway } from '../gateway/gateway.ts';
import { type Publishing, startPublishing } from '../gateway/publishing.ts';
import { type Client, connect, handshakeStatus } from '../socket-client.ts';

let app: SealingApp | undefined;
let gateway: Gateway | undefined;
afterEach(async () => {
  await gateway?.close();
  await app?.close();
});

async function start(context: Readonly<Record<string, string>>) {
  app = await startSealingApp();
  const { url } = app;
  gateway = await startGateway({ sessionEndpoint: `${url}/getSessionID`, allowedOrigins: url, ...context });
  app.credentials = gateway.credentials;
  const { webSocketUrl, cloud } = gateway;
  const the = app;
  const urlWithTicket = () => {
    const now = Math.floor(cloud.clock.now() / 1000);
    return `${webSocketUrl}?token=${encodeURIComponent(the.seal({ iat: now, exp: now + 30 }))}`;
  };
  return {
    app: the,
    gateway,
    handshake: () => handshakeStatus(urlWithTicket(), { origin: url }),
    open: async (): Promise<Client> => {
      const client = await connect(urlWithTicket(), { origin: url });
      await client.find((frame) => frame.includes('pusher:connection_established'));
      return client;
    },
  };
}

describe('a user at the limit of connections', () => {
  it('gets 403 for one more, and may connect again when one has closed', async () => {
    const { gateway, handshake, open } = await start({ maxConnectionsPerUser: '2' });
    const [first, second] = [await open(), await open()];
    expect(await handshake()).toBe(403);
    expect(await gateway.logged(({ reason }) => reason === 'too-many-connections')).toMatchObject({
      message: 'handshake refused',
      principalId: 'user:42',
    });
    expect(await gateway.rows('Connections')).toHaveLength(2);
    await first.close();
    await gateway.logged(({ message }) => message === 'disconnected');
    const third = await open();
    for (const client of [second, third]) await client.close();
  });

  it('never gets more, even with many simultaneous handshakes', async () => {
    const { gateway, open } = await start({ maxConnectionsPerUser: '2' });
    // They stay open: one that had closed at once would leave its place to a later one, and on a busy machine three got
    // in.
    const attempts = await Promise.allSettled(Array.from({ length: 8 }, open));
    const clients = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
    const refusals = attempts.flatMap((attempt) => (attempt.status === 'rejected' ? [attempt.reason.status] : []));
    expect(clients.length).toBeLessThanOrEqual(2);
    expect(new Set(refusals)).toEqual(new Set([403]));
    expect((await gateway.rows('Connections')).length).toBeLessThanOrEqual(2);
    for (const client of clients) await client.close();
  });

  it('under oldest-out has the oldest closed with 4004 for the newest', async () => {
    const { gateway, open } = await start({ maxConnectionsPerUser: '2', atMaxConnections: 'oldest-out' });
    const [first, second] = [await open(), await open()];
    const third = await open();
    await first.closed;
    expect(JSON.parse(first.frames.at(-1) ?? '')).toMatchObject({ event: 'pusher:error', data: { code: 4004 } });
    for (const { socket } of [second, third]) expect(socket.readyState).toBe(socket.OPEN);
    expect(await gateway.logged(({ message }) => message === 'put out')).toMatchObject({ PutOut: 1, failed: 0 });
    expect(await gateway.rows('Connections')).toHaveLength(2);
    for (const client of [second, third]) await client.close();
  });
});

describe('a user above the limit of handshakes in a minute', () => {
  it('gets 403 for each further one, whichever Lambdas answer, and the log says to back off', async () => {
    const { gateway, handshake } = await start({ maxHandshakesPerMinutePerUser: '4' });
    const statuses = await Promise.all(Array.from({ length: 8 }, handshake));
    expect(statuses.toSorted()).toEqual([101, 101, 101, 101, 101, 403, 403, 403]);
    expect(await gateway.logged(({ reason }) => reason === 'too-many-handshakes')).toMatchObject({
      message: 'handshake refused',
      principalId: 'user:42',
    });
    gateway.cloud.clock.advance(66_000);
    expect(await handshake()).toBe(101);
  });
});

describe('with one session check at a time', () => {
  it('a client that connects during another check gets 500 without a request to PHP, and connects later', async () => {
    const { app, gateway, handshake, open } = await start({ maxConcurrentSessionChecks: '1', revalidate: 'false' });
    const first = await open();
    const whileAsked: number[] = [];
    app.whileAsked = async () => {
      whileAsked.push(await handshake());
    };
    const second = await open();
    app.whileAsked = undefined;
    expect(whileAsked).toEqual([500]);
    expect(app.askedWith).toHaveLength(2);
    expect(gateway.handshakes()).toEqual([101, 500, 101]);
    const third = await open();
    for (const client of [first, second, third]) await client.close();
  });
});

/** Real Lambdas, of which eight run at a time, each with a memory of its own. */
describe('a client that sends faster than eight environments can compare', () => {
  const context = { maxClientEventsPerSecond: '10', maxFramesPerMinute: '300' };
  let publishing: Publishing | undefined;
  afterEach(() => publishing?.close());

  async function startRoom() {
    publishing = await startPublishing(context, { maxEnvironmentsPerFunction: 8 });
    const [speaker, listener] = [await publishing.listen(['private-room']), await publishing.listen(['private-room'])];
    const log = publishing.log;
    /** Sends them without waiting, and counts the refusals when all answers have come. */
    const sayAll = async (times: number, frame: object = { event: 'client-x', channel: 'private-room', data: 1 }) => {
      const before = speaker.client.frames.length;
      for (let n = 0; n < times; n += 1) speaker.client.send(frame);
      await expect.poll(() => speaker.client.frames.length, { timeout: 30_000 }).toBe(before + times);
      const isRefused = (frame: string) => JSON.parse(frame).data.code === 4301;
      return speaker.client.frames.slice(before).filter(isRefused).length;
    };
    const delivered = () => listener.on('private-room').length;
    const environmentsWereBusy = () =>
      log.some((entry) => entry.kind === 'function-waiting' && entry.function.includes('Message'));
    /** The most events that were counted in any 1.1 seconds: the counter's rows have an attribute for each. */
    const mostAtOnce = async () => {
      const rows = (await publishing?.rows('Claims')) as Readonly<
        Record<string, { readonly S?: string; readonly N?: string }>
      >[];
      const counts = rows
        .filter(({ claim }) => claim?.S?.startsWith('client-events:'))
        .flatMap((row) => Object.entries(row).filter(([name]) => /^w\d+$/.test(name)));
      return Math.max(...counts.map(([, { N }]) => Number(N)));
    };
    return { sayAll, delivered, mostAtOnce, environmentsWereBusy };
  }

  // All 60 come within a second, but on a machine that is busy.
  it('has at most 13 of 60 events delivered in any second at a limit of 10', async () => {
    const { sayAll, delivered, mostAtOnce, environmentsWereBusy } = await startRoom();
    const passed = 60 - (await sayAll(60));
    expect(environmentsWereBusy()).toBe(true);
    expect(await mostAtOnce()).toBe(13);
    expect(passed).toBeGreaterThanOrEqual(13);
    await expect.poll(delivered).toBe(passed);
  });

  it('has fewer than 450 of 800 frames answered at a limit of 300', async () => {
    const { sayAll, environmentsWereBusy } = await startRoom();
    const passed = 800 - (await sayAll(800, { event: 'pusher:ping' }));
    expect(environmentsWereBusy()).toBe(true);
    expect(passed).toBeGreaterThanOrEqual(299);
    expect(passed).toBeLessThanOrEqual(450);
  });

  it('has all events within the limit delivered', async () => {
    const { sayAll, delivered } = await startRoom();
    expect(await sayAll(10)).toBe(0);
    await expect.poll(delivered).toBe(10);
  });
});
