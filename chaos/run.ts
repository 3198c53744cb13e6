import { setMaxListeners } from 'node:events';
import { availableParallelism } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { AuctionStack } from '../test/assemblies/l1-app/stack.ts';
import { type RunningApp, startAssembly } from '../test/assemblies/start-assembly.ts';
import { synthesizeApp } from '../test/assemblies/synthesize.ts';
import { type Row, rowsOf } from '../test/assemblies/table-rows.ts';
import { type Client, connect } from '../test/socket-client.ts';
import { createChance } from './chance.ts';
import { live, type Tally, type World } from './client.ts';
import { createWeather } from './weather.ts';

export interface ChaosOptions {
  readonly durationMs: number;
  readonly clients: number;
  readonly seed: number;
  /** Called every ten seconds. */
  onProgress?(progress: Progress): void;
}

export interface Progress extends Readonly<Tally> {
  readonly elapsedMs: number;
  readonly faults: number;
  readonly memoryMb: number;
}

export interface ChaosReport extends Progress {
  readonly survivors: number;
  /** Rows in the table at the end of the traffic, and after more time than a connection can live. */
  readonly rows: number;
  readonly rowsAfterwards: number;
}

const progressMs = 10_000;
const msForEachClient = 25;
// A connection ends after two hours, and the rows of the auction expire ten minutes later.
const beyondAllLimitsMs = 3 * 3600 * 1000;

/**
 * An app on the local cloud, many clients that behave badly, and faults; the same for the same seed, but for timing.
 */
export async function runChaos({ durationMs, clients, seed, onProgress }: ChaosOptions): Promise<ChaosReport> {
  const app = await startAssembly(await synthesizeApp((scope) => void new AuctionStack(scope, 'Auction')), { seed });
  const chance = createChance(seed);
  const end = new AbortController();
  // Every client is subscribed to it.
  setMaxListeners(0, end.signal);
  const { faults } = app.cloud;
  const weather = createWeather(faults, chance.fork());
  const tally: Tally = { open: 0, messages: 0, frames: 0, handshakes: new Map(), violations: [] };
  const auctions = Math.max(2, Math.round(clients / 10));
  // Two cores run about a hundred invocations a second; a queue of minutes would hide the faults.
  const restMs = Math.max(1500, clients * msForEachClient);
  const world: World = { url: app.cloud.webSocketUrl, weather, auctions, restMs, signal: end.signal, tally };

  // An uncaught error would have ended the process.
  const onFault = (error: unknown) => void tally.violations.push(`Nobody caught: ${String(error)}`);
  process.on('unhandledRejection', onFault);
  process.on('uncaughtException', onFault);
  const startedAt = performance.now();
  const progress = (): Progress => ({
    ...tally,
    elapsedMs: performance.now() - startedAt,
    faults: weather.faults,
    memoryMb: Math.round(process.memoryUsage().rss / 2 ** 20),
  });
  const ticker = setInterval(() => onProgress?.(progress()), progressMs);
  try {
    const blowing = weather.blow(end.signal);
    const lives = Array.from({ length: clients }, (_, index) => live(world, `client${index}`, chance.fork()));
    await wait(durationMs);
    end.abort();
    await blowing;
    const survivors = (await Promise.all(lives)).filter((client) => client !== undefined);
    await settle(app);
    const rows = await checkRows(app, tally, survivors);
    const rowsAfterwards = await outliveAll(app, tally, survivors);
    await checkThatItWorks(app, tally);
    return { ...progress(), survivors: survivors.length, rows, rowsAfterwards };
  } finally {
    clearInterval(ticker);
    end.abort();
    await app.close();
    process.off('unhandledRejection', onFault);
    process.off('uncaughtException', onFault);
  }
}

/**
 * Waits until the functions have handled all invocations. Invocations start in order. So once the newest ones have
 * ended, as many as can run at once, all earlier ones have ended too. The events from here make a function fail at
 * once.
 */
async function settle({ cloud }: RunningApp): Promise<void> {
  const last = Array.from({ length: 4 * availableParallelism() });
  const functions = Object.values(cloud.functions);
  await Promise.all(functions.flatMap((each) => last.map(() => each.invoke({}))));
}

async function bidderRows(app: RunningApp): Promise<readonly Row[]> {
  return (await rowsOf(app, 'Table')).filter(({ connectionId }) => connectionId !== 'highest');
}

/** Every row has a live socket or an expiry. */
async function checkRows(app: RunningApp, tally: Tally, survivors: readonly Client[]): Promise<number> {
  const ids = await Promise.all(survivors.map(connectionIdOf));
  if (new Set(ids).size !== ids.length) tally.violations.push('Two sockets have the same connection id.');
  const rows = await bidderRows(app);
  const orphans = rows.filter(
    ({ connectionId, expiresAt }) => !ids.includes(String(connectionId)) && !isTime(expiresAt),
  );
  if (orphans.length > 0) tally.violations.push(`${orphans.length} rows have neither a live socket nor an expiry.`);
  return rows.length;
}

/** The gateway's own error frame for an unknown action contains the connection id. */
async function connectionIdOf(client: Client): Promise<string> {
  const isForbidden = (frame: string) => frame.includes('"Forbidden"');
  client.send({ action: 'who am I' });
  const { connectionId } = JSON.parse(await client.find(isForbidden)) as { connectionId: string };
  return connectionId;
}

/** Checks that no client is connected any more, and that every remaining row has expired. */
async function outliveAll(app: RunningApp, tally: Tally, survivors: readonly Client[]): Promise<number> {
  const { clock } = app.cloud;
  clock.advance(beyondAllLimitsMs);
  const closes = Promise.all(survivors.map(({ closed }) => closed));
  const codes = await Promise.race([closes, wait(10_000, [], { ref: false })]);
  if (codes.length < survivors.length) tally.violations.push('A connection outlived its two hours.');
  const wrong = codes.filter(({ code }) => code !== 1001).length;
  if (wrong > 0) tally.violations.push(`${wrong} connections did not end with 1001.`);
  await settle(app);
  const rows = await bidderRows(app);
  const alive = rows.filter(({ expiresAt }) => !isTime(expiresAt) || Number(expiresAt) * 1000 > clock.now());
  if (alive.length > 0) tally.violations.push(`${alive.length} rows without a connection have not expired.`);
  return rows.length;
}

/** Checks that afterwards one more client is served like the first. */
async function checkThatItWorks({ cloud }: RunningApp, tally: Tally): Promise<void> {
  const client = await connect(cloud.webSocketUrl, { headers: { Authorization: 'Bearer last@east' } });
  client.send({ action: 'join', auction: 'afterwards', request: 'last' });
  const reply = await Promise.race([client.next(), wait(10_000, 'nothing', { ref: false })]);
  const expected = '{"joined":"afterwards","highest":0,"request":"last"}';
  if (reply !== expected) tally.violations.push(`Afterwards a new client got ${reply}.`);
  await client.close();
}

function isTime(value: Row[string]): boolean {
  return typeof value === 'number' && value > 1e9 && value < 1e10;
}
