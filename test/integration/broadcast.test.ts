import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Crowd, hears, startCrowd, timesHeard } from './crowd.ts';

// The deployed functions, one worker after the other, on the local cloud: nobody but Lambda starts them.
let crowd: Crowd;
beforeAll(async () => {
  crowd = await startCrowd(26);
});
afterAll(() => crowd?.close());

const broadcasts = () => crowd.records().filter(({ message }) => message === 'broadcast');
const workersOf = async (before: number, count: number) => {
  await expect.poll(() => broadcasts().length).toBe(before + count);
  return broadcasts().slice(before);
};

it('an event for several pages of subscribers reaches everybody once, by a worker for each page', async () => {
  await crowd.publish('first');
  await Promise.all(crowd.clients.map((each) => hears(each, 'first')));
  const lines = await workersOf(0, 3);
  expect(crowd.clients.map((each) => timesHeard(each, 'first'))).toEqual(crowd.clients.map(() => 1));
  expect(lines.map(({ depth }) => depth).sort()).toEqual([0, 1, 2]);
  expect(lines.reduce((sum, { Delivered }) => sum + Number(Delivered), 0)).toBe(26);
  for (const line of lines) expect(line).toMatchObject({ channel: 'news', Gone: 0, Retried: 0, Lost: 0 });
  const frames = crowd.clients.map(({ client }) => client.frames.find((frame) => frame.includes('first')));
  expect(new Set(frames).size).toBe(1);
  expect(JSON.parse(frames[0] ?? '')).toMatchObject({ channel: 'news', id: expect.any(String) });
});

it('an event skips the socket that caused it, whichever worker finds it', async () => {
  const before = broadcasts().length;
  const [one, ...others] = crowd.clients;
  await crowd.publish('second', one?.socketId);
  await Promise.all(others.map((each) => hears(each, 'second')));
  await workersOf(before, 3);
  expect(one && timesHeard(one, 'second')).toBe(0);
});

it('a throttled worker retries, and loses no post', async () => {
  const before = broadcasts().length;
  crowd.cloud.faults.inject({ kind: 'throttle', service: 'connections', times: 9 });
  await crowd.publish('third');
  await Promise.all(crowd.clients.map((each) => hears(each, 'third')));
  const lines = await workersOf(before, 3);
  const sum = (name: string) => lines.reduce((total, line) => total + Number(line[name]), 0);
  expect([sum('Delivered'), sum('Retried'), sum('Lost')]).toEqual([26, 9, 0]);
});
