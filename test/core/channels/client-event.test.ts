import { describe, expect, it } from 'vitest';
import { createClientEvent } from '../../../functions/core/channels/client-event.ts';
import { type Frame, parseFrame } from '../../../functions/core/frames/frame.ts';
import { createLimit } from '../../../functions/core/frames/rate-limit.ts';
import { createMemoryChannels } from '../../fakes/channels.ts';
import { MemoryCounters } from '../../fakes/counters.ts';

const room = 'presence-room';
const pong = { event: 'pusher:pong', data: {} };

/** Ann and Bob, in the room and on a private channel. */
async function scene() {
  const channels = createMemoryChannels();
  const { clock, registry, subscriptions, sender, published } = channels;
  const counters = new MemoryCounters();
  const limit = createLimit(
    {
      name: 'client-events',
      perConnection: { limit: 10, milliseconds: 1000, reason: 'many-client-events' },
      perUser: { limit: 40, milliseconds: 60_000, reason: 'many-client-events-of-user' },
      isExact: true,
    },
    counters,
  );
  const clientEvent = createClientEvent({ ...channels, limit, newId: () => 'id-1' });
  const speakers = ['ann', 'bob'].map((id) => ({
    principalId: `user:${id}`,
    connectionId: id,
    channels: [],
    sentAt: 0,
    authorizedAt: 0,
  }));
  for (const speaker of speakers) {
    sender.open(speaker.connectionId);
    await registry.seat(speaker.connectionId, { principalId: speaker.principalId });
    await subscriptions.add('private-x', speaker, 0);
    await subscriptions.add(room, speaker, 0, speaker.connectionId);
  }
  const [ann] = speakers;
  if (ann === undefined) throw new Error('Ann is missing.');
  const say = (frame: string | Frame, speaker = ann) =>
    clientEvent({ ...speaker, sentAt: clock.now() }, typeof frame === 'string' ? (parseFrame(frame) as Frame) : frame);
  return { ...channels, ann, say, counters, last: () => published.at(-1)?.frame };
}

type Scene = Awaited<ReturnType<typeof scene>>;

describe('a client event', () => {
  it('reaches the other subscribers but not its sender, and gets a pong', async () => {
    const { say, sender, last } = await scene();
    expect(await say('{"event":"client-x","channel":"private-x","data":{"a":1}}')).toEqual(pong);
    expect(last()).toBe('{"event":"client-x","channel":"private-x","data":{"a":1},"id":"id-1"}');
    expect([sender.heardBy('ann'), sender.heardBy('bob')]).toEqual([[], ['client-x']]);
  });

  it.each([
    ['an object', ',"data":{"x":[1]}'],
    ['a string', ',"data":"raw"'],
    ['a string of JSON, which stays one', ',"data":"{\\"x\\":1}"'],
    ['nothing', ''],
    ['null', ',"data":null'],
  ])('may be %s', async (_, data) => {
    const { say, last } = await scene();
    await say(`{"event":"client-x","channel":"private-x"${data}}`);
    expect(last()).toBe(`{"event":"client-x","channel":"private-x"${data},"id":"id-1"}`);
  });

  it('has the sender’s real user id on a presence channel, whatever the frame claims', async () => {
    const { say, last } = await scene();
    await say(`{"event":"client-x","channel":"${room}","user_id":"bob","data":1,"id":"forged","socket_id":"1.2"}`);
    expect(last()).toBe(`{"event":"client-x","channel":"${room}","data":1,"user_id":"ann","id":"id-1"}`);
  });

  it('may have a name of any characters, up to 200', async () => {
    const { say, last } = await scene();
    const event = 'client-App\\Events\\é.:'.padEnd(200, 'x');
    expect(await say({ event, channel: 'private-x' })).toEqual(pong);
    expect(JSON.parse(last() ?? '').event).toBe(event);
  });
});

describe('a client event is rejected', () => {
  const refused = (code: number) => ({ event: 'pusher:error', data: { code } });

  it.each(['news', 'private-encrypted-x', '#server-to-user-ann', 'private', undefined])(
    'on a channel that is neither private nor presence: %s',
    async (channel) => {
      const { say, subscriptions, ann, published } = await scene();
      if (channel !== undefined) await subscriptions.add(channel, ann, 0);
      const frame = channel === undefined ? { event: 'client-x' } : { event: 'client-x', channel };
      expect(await say(frame)).toMatchObject(refused(4300));
      expect(published).toEqual([]);
    },
  );

  it.each(['private-other', 'presence-other', 'private-', 'private-x '])(
    'on a channel that its client has not joined: %s',
    async (channel) => {
      const { say, published } = await scene();
      expect(await say({ event: 'client-x', channel, data: {} })).toMatchObject(refused(4300));
      expect(published).toEqual([]);
    },
  );

  it('on a channel that its client has left', async () => {
    const { say, leaveChannel, ann } = await scene();
    await leaveChannel('private-x', ann);
    expect(await say({ event: 'client-x', channel: 'private-x' })).toMatchObject(refused(4300));
  });

  it.each([
    ['a name of 201 characters', { event: 'client-'.padEnd(201, 'x') }],
    ['more than 10 KB of data', { event: 'client-x', data: 'x'.repeat(10_239) }],
    ['more than 10 KB in bytes', { event: 'client-x', data: '€'.repeat(3_500) }],
  ])('with %s', async (_, frame) => {
    const { say, published } = await scene();
    expect(await say({ ...frame, channel: 'private-x' })).toMatchObject(refused(4301));
    expect(published).toEqual([]);
  });

  const frame = { event: 'client-x', channel: 'private-x' };

  it('above a quarter more than ten in one second', async () => {
    const { say, clock, published } = await scene();
    for (let n = 0; n < 13; n += 1) expect(await say(frame)).toEqual(pong);
    expect(await say(frame)).toMatchObject({ data: { code: 4301, message: 'Too many client events in one second.' } });
    expect(published).toHaveLength(13);
    await clock.advance(1100);
    expect(await say(frame)).toEqual(pong);
  });

  it.each([
    ['has been revoked', async ({ registry, ann }: Scene) => void (await registry.revoke(ann, 0))],
    ['has left', async ({ registry, ann }: Scene) => void (await registry.leave(ann))],
    [
      'has a session that has ended',
      async ({ registry, ann, clock }: Scene) => {
        await registry.seat(ann.connectionId, { ...ann, sessionExpiresAt: Math.floor(clock.now() / 1000) });
      },
    ],
  ])('of a connection that %s, although its subscription exists', async (_, end) => {
    const the = await scene();
    await end(the);
    expect(await the.say(frame)).toMatchObject({ event: 'pusher:error', data: { code: 401 } });
    expect(the.published).toEqual([]);
  });

  it('above a quarter more than the user’s limit in one minute, over all connections', async () => {
    const { say, ann, clock, published, registry, subscriptions, sender } = await scene();
    const message = 'This user has sent too many client events in one minute.';
    for (let n = 0; n < 50; n += 1) {
      const tab = { ...ann, connectionId: `tab${n}` };
      await registry.seat(tab.connectionId, { principalId: tab.principalId });
      await subscriptions.add('private-x', tab, 0);
      sender.open(tab.connectionId);
      expect(await say(frame, tab)).toEqual(pong);
    }
    expect(await say(frame)).toMatchObject({ data: { code: 4301, message } });
    expect(published).toHaveLength(50);
    await clock.advance(66_000);
    expect(await say(frame)).toEqual(pong);
  });

  it('above the limit without a read, and in the same tenth of a second without a write', async () => {
    const { say, counters, subscriptions } = await scene();
    for (let n = 0; n < 14; n += 1) await say(frame);
    const { asked } = counters;
    subscriptions.find = async () => {
      throw new Error('a read');
    };
    for (let n = 0; n < 10; n += 1) expect(await say(frame)).toMatchObject(refused(4301));
    expect(counters.asked).toBe(asked);
  });
});
