import { setTimeout as wait } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { type Client, connect, HandshakeRefused } from '../test/socket-client.ts';
import type { Chance } from './chance.ts';
import type { Weather } from './weather.ts';

/** The state that all clients share. */
export interface World {
  readonly url: string;
  readonly weather: Weather;
  readonly auctions: number;
  /** The average pause of a client between two actions. */
  readonly restMs: number;
  readonly signal: AbortSignal;
  readonly tally: Tally;
}

export interface Tally {
  open: number;
  messages: number;
  frames: number;
  readonly handshakes: Map<number, number>;
  /** One sentence for each thing that must not happen, but did. */
  readonly violations: string[];
}

/** Connects and disconnects until the end. @returns its socket if it is still open */
export async function live(world: World, name: string, chance: Chance): Promise<Client | undefined> {
  for (let visit = 0; !world.signal.aborted; visit += 1) {
    await pause(world, chance.between(0, 2 * world.restMs));
    const kind = chance.pick({ proper: 20, headless: 1, 'of another house': 1, nameless: 1, impatient: 1 });
    if (kind === 'impatient') {
      await leaveEarly(world, name, chance);
      continue;
    }
    const client = await enter(world, name, kind);
    if (client === undefined) continue;
    if (await talk(world, client, `${name}.${visit}`, chance)) return client;
  }
  return undefined;
}

const credentials = {
  proper: { header: (name: string) => `Bearer ${name}@east`, status: 101 },
  'of another house': { header: (name: string) => `Bearer ${name}@west`, status: 403 },
  nameless: { header: () => 'Basic nobody', status: 401 },
  headless: { header: () => '', status: 401 },
} as const;

async function enter(world: World, name: string, kind: keyof typeof credentials): Promise<Client | undefined> {
  const { header, status: expected } = credentials[kind];
  const { tally, weather, url } = world;
  const startedAt = performance.now();
  const count = (status: number) => {
    tally.handshakes.set(status, (tally.handshakes.get(status) ?? 0) + 1);
    // If the authorizer is killed, the handshake gets 500. Without the header API Gateway does not call the authorizer.
    const isKilled = status === 500 && kind !== 'headless' && weather.had('kill', startedAt);
    if (status !== expected && !isKilled) tally.violations.push(`A ${kind} handshake got a ${status}.`);
  };
  try {
    const client = await connect(url, { headers: { Authorization: header(name) }, perMessageDeflate: false });
    count(101);
    return client;
  } catch (error) {
    if (error instanceof HandshakeRefused) count(error.status);
    else tally.violations.push(`A ${kind} handshake failed: ${String(error)}`);
    return undefined;
  }
}

/** Disconnects before the answer. */
async function leaveEarly(world: World, name: string, chance: Chance): Promise<void> {
  const socket = new WebSocket(world.url, { headers: { Authorization: credentials.proper.header(name) } });
  socket.on('error', () => undefined);
  await pause(world, chance.between(0, 20));
  socket.terminate();
}

/** @returns whether the socket is still open at the end */
async function talk(world: World, client: Client, name: string, chance: Chance): Promise<boolean> {
  const { tally, weather, signal } = world;
  const startedAt = performance.now();
  const allowed = new Set<number>();
  const joined = new Set<string>();
  let isClosed = false;
  tally.open += 1;
  client.closed.then(({ code }) => {
    isClosed = true;
    tally.open -= 1;
    if (signal.aborted && code === 1001) return;
    const isCut = code === 1006 && weather.had('cut', startedAt);
    if (!allowed.has(code) && !isCut) tally.violations.push(`${name} was closed with ${code}.`);
  });

  for (let turn = 0; !isClosed && !signal.aborted; turn += 1) {
    await pause(world, chance.between(0, 2 * world.restMs));
    if (isClosed || signal.aborted) break;
    await act(chance.pick(acts), `${name}-${turn}`);
  }
  checkFrames(tally, client, name, joined);
  return !isClosed;

  async function act(what: keyof typeof acts, request: string): Promise<void> {
    const auction = `auction ${Math.floor(chance.between(0, world.auctions))}`;
    tally.messages += 1;
    switch (what) {
      case 'join':
        joined.add(auction);
        return client.send({ action: 'join', auction, request });
      case 'bid':
        return client.send({ action: 'bid', auction, amount: Math.round(chance.between(1, 1e6)), request });
      case 'leave':
        return client.send({ action: 'leave', auction });
      case 'nonsense':
        return client.send(chance.pick({ '{"action":"steal"}': 1, 'no JSON': 1, '[]': 1, '': 1 }));
      case 'ping':
        return ping(tally, client, request);
      case 'dawdle':
        client.socket.pause();
        await pause(world, chance.between(500, 5000));
        return client.socket.resume();
      case 'shout':
        allowed.add(1009);
        // The gateway may close the connection before all of it is sent.
        allowed.add(1006);
        client.send('x'.repeat(33 * 1024));
        return void (await client.closed);
      case 'mumble':
        allowed.add(1003);
        client.socket.send(Buffer.from([1, 2, 3]));
        return void (await client.closed);
      case 'go':
        allowed.add(1000);
        return client.close(1000);
      case 'vanish':
        allowed.add(1006);
        client.socket.terminate();
        return void (await client.closed);
    }
  }
}

const acts = {
  join: 20,
  bid: 25,
  leave: 6,
  nonsense: 6,
  ping: 8,
  dawdle: 4,
  shout: 1,
  mumble: 1,
  go: 3,
  vanish: 3,
} as const;

const patienceMs = 20_000;

async function ping(tally: Tally, { socket, closed }: Client, data: string): Promise<void> {
  const pong = new Promise((resolve) => {
    socket.on('pong', (answer) => answer.toString() === data && resolve(true));
  });
  socket.ping(data);
  const isAnswered = await Promise.race([pong, closed, wait(patienceMs, false, { ref: false })]);
  if (isAnswered === false) tally.violations.push(`The ping ${data} was not answered.`);
}

/** Checks that no client gets a frame for another client. */
function checkFrames(tally: Tally, { frames }: Client, name: string, joined: ReadonlySet<string>): void {
  tally.frames += frames.length;
  const answered = new Set<string>();
  const ids = new Set<string>();
  for (const text of frames) {
    const frame = JSON.parse(text) as { request?: string; auction?: string; connectionId?: string };
    if (frame.connectionId !== undefined) ids.add(frame.connectionId);
    if (frame.auction !== undefined && !joined.has(frame.auction)) {
      tally.violations.push(`${name} heard of ${frame.auction}, which it never joined.`);
    }
    if (frame.request === undefined) continue;
    if (!frame.request.startsWith(`${name}-`)) tally.violations.push(`${name} got the reply to ${frame.request}.`);
    if (answered.has(frame.request)) tally.violations.push(`${frame.request} was answered twice.`);
    answered.add(frame.request);
  }
  if (ids.size > 1) tally.violations.push(`${name} has ${ids.size} connection ids.`);
}

async function pause({ signal }: World, ms: number): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => undefined);
}
