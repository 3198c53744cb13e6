import { describe, expect, it } from 'vitest';
import { createMemoryChannels } from '../../fakes/channels.ts';
import { failNext, justAfter } from '../../fakes/order.ts';

const room = 'presence-room';

function scene() {
  const channels = createMemoryChannels();
  const { registry, subscriptions, members, sender } = channels;
  const join = async (id: string, channel: string, userId?: string) => {
    sender.open(id);
    const connection = { principalId: `user:${id}`, connectionId: id };
    if (!registry.has(connection)) await registry.seat(id);
    await registry.join(connection, channel, 100);
    await subscriptions.add(channel, connection, channels.clock.now(), userId);
    if (userId !== undefined) await members.join(channel, { userId }, id);
    return connection;
  };
  return { ...channels, join };
}

describe('a connection that leaves', () => {
  it('leaves all its channels, and no other connection does', async () => {
    const { registry, subscriptions, leave, join } = scene();
    const a = await join('a', 'news');
    await join('a', 'private-x');
    await join('b', 'news');
    await leave(a);
    expect(registry.has(a)).toBe(false);
    expect(subscriptions.on('news')).toEqual(['b']);
    expect(subscriptions.on('private-x')).toEqual([]);
  });

  it('removes its member, and the others are told once', async () => {
    const { members, sender, published, leave, join } = scene();
    const a = await join('a', room, '42');
    await join('b', room, '43');
    await leave(a);
    expect(await members.of(room)).toEqual([{ userId: '43' }]);
    expect(published).toEqual([
      {
        channel: room,
        frame: `{"event":"pusher_internal:member_removed","channel":"${room}","data":"{\\"user_id\\":\\"42\\"}"}`,
        except: 'a',
      },
    ]);
    await leave(a);
    expect(sender.heardBy('a')).toEqual([]);
    expect(sender.heardBy('b')).toEqual(['pusher_internal:member_removed']);
  });

  it('keeps its member while another tab of the user is there', async () => {
    const { members, published, leave, join } = scene();
    const [first, second] = [await join('a', room, '42'), await join('b', room, '42')];
    await leave(first);
    expect(await members.of(room)).toEqual([{ userId: '42' }]);
    expect(published).toEqual([]);
    await leave(second);
    expect(await members.of(room)).toEqual([]);
    expect(published).toHaveLength(1);
  });

  it('is removed from the channel where it was found, although its row is gone', async () => {
    const { registry, subscriptions, members, published, leave, join } = scene();
    const a = await join('a', room, '42');
    await registry.leave(a);
    await leave(a, room);
    expect(subscriptions.on(room)).toEqual([]);
    expect(await members.of(room)).toEqual([]);
    expect(published).toHaveLength(1);
  });
});

describe('an interrupted leave', () => {
  it('before the subscription was removed is completed by the next one, and the member does not stay', async () => {
    const { subscriptions, members, leave, join } = scene();
    const a = await join('a', room, '42');
    failNext(members, 'leave');
    await expect(leave(a)).rejects.toThrow('the network is down');
    expect(subscriptions.on(room)).toEqual(['a']);
    await leave(a, room);
    expect(subscriptions.on(room)).toEqual([]);
    expect(await members.of(room)).toEqual([]);
  });

  it('after the member was removed leaves nothing that the next 410 would not remove', async () => {
    const { subscriptions, members, published, leave, join } = scene();
    const a = await join('a', room, '42');
    failNext(subscriptions, 'remove');
    await expect(leave(a)).rejects.toThrow('the network is down');
    await leave(a, room);
    expect(subscriptions.on(room)).toEqual([]);
    expect(await members.of(room)).toEqual([]);
    expect(published.length).toBeLessThanOrEqual(1);
  });
});

it('of a disconnect and a 410 at once, only one announces that the member has left', async () => {
  const { members, published, leave, join } = scene();
  const a = await join('a', room, '42');
  justAfter(members, 'leave', () => leave(a, room));
  await leave(a);
  expect(published).toHaveLength(1);
});
