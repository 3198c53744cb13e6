import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { signedFetch } from '../assemblies/signed-fetch.ts';
import { type GatewayEvent, startChat } from '../assemblies/start-chat.ts';
import { connect } from '../socket-client.ts';
import { itHere, startTarget, type Target } from './target.ts';

let target: Target;
let url: string;

beforeAll(async () => {
  target = await startTarget();
  url = `${target.webSocketUrl}?token=allow`;
});
afterAll(() => target.close());

const isMarked =
  (mark: string) =>
  ({ queryStringParameters: query }: GatewayEvent) =>
    query?.['mark'] === mark;

itHere(
  '#66 $disconnect runs once after the close; that it throws reaches nobody, and nothing is left of it',
  async () => {
    const { cloud, event, until, close } = await startChat();
    const client = await connect(`${cloud.webSocketUrl}?token=allow&mark=once`);
    const { connectionId } = (await event('Connect', isMarked('once'))).requestContext;
    await client.close(1000);
    // The handler of the chat's $disconnect always throws.
    await until((entry) => entry.kind === 'integration-failed' && entry.routeKey === '$disconnect');
    expect(cloud.functions['Disconnect']?.invocations).toBe(1);
    expect(await client.closed).toMatchObject({ code: 1000 });
    expect(client.frames).toEqual([]);
    const path = `/@connections/${encodeURIComponent(connectionId)}`;
    const answer = signedFetch(cloud.credentials, cloud.webSocketUrl.replace('ws:', 'http:') + path);
    expect(await answer).toMatchObject({ status: 410 });
    await close();
  },
);

it('#67 #N14 of two messages of one client the quick one overtakes the slow one', async () => {
  const client = await connect(url);
  client.send({ sleepMs: 2000, mark: 'slow' });
  client.send({ mark: 'quick' });
  expect(await client.next()).toContain('quick');
  expect(await client.next()).toContain('slow');
  await client.close();
});

itHere('#68 $disconnect does not wait for a message’s function that still runs', async () => {
  const { chat } = target;
  const client = await connect(`${url}&mark=hasty`);
  const { connectionId } = (await chat.event('Connect', isMarked('hasty'))).requestContext;
  client.send({ sleepMs: 2000, mark: 'hasty' });
  await chat.event('Message', (event) => event.requestContext.connectionId === connectionId);
  await client.close();
  await chat.event('Disconnect', (event) => event.requestContext.connectionId === connectionId);
  const isAwake = (entry: (typeof chat.entries)[number]) =>
    entry.kind === 'function-output' && entry.line.endsWith('\tawake hasty');
  expect(chat.entries.some(isAwake)).toBe(false);
  await chat.until(isAwake);
});

itHere('#69 a function is frozen between its invocations', async () => {
  const work = async (action: string) =>
    JSON.parse((await target.chat.cloud.functions['Worker']?.invoke({ action }))?.payload ?? 'null');
  await work('leaves');
  // Its timer of 50 ms would have run by then.
  await wait(300);
  const thawedAt = Date.now();
  const firedAt: number | null = await work('fired');
  expect(firedAt ?? thawedAt).toBeGreaterThanOrEqual(thawedAt);
});

itHere('#70 the end closes clients with 1001 and does not wait for functions under way', async () => {
  const chat = await startChat({
    change: ({ Resources }) => void Object.assign(Resources['Message']?.Properties ?? {}, { Timeout: 900 }),
  });
  const client = await connect(`${chat.cloud.webSocketUrl}?token=allow`);
  client.send({ sleepMs: 60_000, mark: 'never' });
  await chat.event('Message');
  const startedAt = performance.now();
  await chat.close();
  expect(performance.now() - startedAt).toBeLessThan(30_000);
  expect(await client.closed).toMatchObject({ code: 1001 });
  expect(client.frames).toEqual([]);
  await expect(connect(`${chat.cloud.webSocketUrl}?token=allow`)).rejects.toThrow('ECONNREFUSED');
});
