import { afterAll, beforeAll, expect, it } from 'vitest';
import { startWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());

it('while the tables are throttled each frame gets an answer and events fail with an error, and later everything works', async () => {
  const somebody = await world.enter();
  await somebody.join('news-before');
  const event = { name: 'e', channel: 'news-before', data: '1' };

  const restore = world.throttleTables();
  const [joined, published] = await Promise.all([somebody.join('news-meanwhile'), world.api('POST', '/events', event)]);
  restore();
  expect(joined).toMatchObject({
    event: 'pusher:subscription_error',
    channel: 'news-meanwhile',
    data: { status: 500 },
  });
  expect(published.status).toBeGreaterThanOrEqual(500);

  expect(await somebody.join('news-meanwhile')).toMatchObject({ event: 'pusher_internal:subscription_succeeded' });
  expect(await world.api('POST', '/events', event)).toMatchObject({ status: 200 });
  expect(await somebody.hear('e')).toMatchObject({ channel: 'news-before' });
});
