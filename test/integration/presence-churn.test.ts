import { afterEach, describe, expect, it } from 'vitest';
import { signForSocket } from '../fakes/socket-auth.ts';
import { type Listener, type Publishing, startPublishing } from '../gateway/publishing.ts';

const room = 'presence-room';
let publishing: Publishing | undefined;
afterEach(() => publishing?.close());

/** Twelve users in a room. One of them, Ann, joins and leaves repeatedly. */
async function startRoom(context: Readonly<Record<string, string>> = {}) {
  const gateway = await startPublishing({ maxPresenceJoinsPerMinutePerUser: '300', ...context });
  publishing = gateway;
  // Waits for the end of each join: a new member would get an earlier one announced twice.
  const enter = async (userId: string) => {
    const listener = await gateway.listen([room], userId);
    await listener.heard('pusher:pong');
    return listener;
  };
  const ann = await enter('ann');
  const others: Listener[] = [];
  for (let n = 1; n < 12; n += 1) others.push(await enter(`user-${n}`));

  const framesOf = ({ client }: Listener) => client.frames.map((frame) => JSON.parse(frame));
  const presenceOf = (listener: Listener) =>
    framesOf(listener).filter(({ event }) => event.startsWith('pusher_internal:')).length;
  const newsOfAnn = (listener: Listener) =>
    framesOf(listener)
      .filter(({ event, data }) => event.startsWith('pusher_internal:member_') && JSON.parse(data).user_id === 'ann')
      .map(({ event }) => event.replace('pusher_internal:member_', ''));
  /** All of the room's presence frames since it was full. */
  const sum = () => [ann, ...others].reduce((frames, listener) => frames + presenceOf(listener), 0);
  await expect.poll(sum).toBe(12 + 66);
  const framesSince = () => sum() - 12 - 66;

  const data = { channel: room, channel_data: JSON.stringify({ user_id: 'ann' }) };
  const auth = signForSocket(gateway.credentials, ann.socketId, room, data.channel_data);
  const leave = () => ann.client.send({ event: 'pusher:unsubscribe', data: { channel: room } });
  const join = () => ann.client.send({ event: 'pusher:subscribe', data: { ...data, auth } });
  const answers = () =>
    framesOf(ann).filter(({ event }) => ['pusher:pong', 'pusher:subscription_error'].includes(event)).length;
  const answered = async (say: () => void) => {
    const before = answers();
    say();
    await expect.poll(answers).toBe(before + 1);
  };
  return { ann, others, framesSince, framesOf, newsOfAnn, leave, join, answers, answered };
}

describe('in a room of twelve', () => {
  // Each is true when it is told: 11 posts for a leave, 11 and the list for a join.
  it('ten leaves and joins one after the other cause 230 posts', async () => {
    const { framesSince, leave, join, answered } = await startRoom();
    for (let n = 0; n < 10; n += 1) {
      await answered(leave);
      await answered(join);
    }
    await expect.poll(framesSince).toBe(230);
  });

  it('leaves and joins are limited: 103 posts with a limit of 4 joins a minute', async () => {
    const { ann, framesSince, framesOf, leave, join, answered } = await startRoom({ maxPresenceJoinsPerMinute: '4' });
    for (let n = 0; n < 10; n += 1) {
      await answered(leave);
      await answered(join);
    }
    // Four joins beside the first, and five leaves.
    await expect.poll(framesSince).toBe(4 * 12 + 5 * 11);
    expect(framesOf(ann).at(-1)).toMatchObject({ event: 'pusher:subscription_error', data: { status: 4301 } });
  });

  it('ten leaves and joins at once cause fewer posts, and in the end everybody sees the user as present', async () => {
    const { others, framesSince, newsOfAnn, leave, join, answers } = await startRoom();
    for (let n = 0; n < 10; n += 1) {
      leave();
      join();
    }
    await expect.poll(answers).toBeGreaterThanOrEqual(10);
    await expect.poll(() => others.map((other) => newsOfAnn(other).at(-1) ?? 'added')).not.toContain('removed');
    expect(framesSince()).toBeLessThanOrEqual(230);
  });

  it('ten repeated subscriptions cause ten replies, and no other post', async () => {
    const { ann, framesSince, framesOf, join } = await startRoom();
    const before = framesOf(ann).length;
    for (let n = 0; n < 10; n += 1) join();
    await expect.poll(() => framesOf(ann).length).toBe(before + 10);
    const replies = framesOf(ann).slice(before);
    expect(new Set(replies.map(({ event }) => event))).toEqual(new Set(['pusher_internal:subscription_succeeded']));
    expect(framesSince()).toBe(10);
  });
});
