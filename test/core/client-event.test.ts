import { describe, expect, it } from 'vitest';
import { createClientEvent } from '../../functions/core/client-event.ts';
import { type Frame, parseFrame } from '../../functions/core/frame.ts';
import { createMeter } from '../../functions/core/meter.ts';
import { createMemoryChannels } from '../fakes/channels.ts';
import { MemoryCounters } from '../fakes/counters.ts';

const room = 'presence-room';
const pong = { event: 'pusher:pong', data: {} };

/** Ann and Bob, in the room and on a private channel. */
async function scene() {
  const channels = createMemoryChannels();
  const { clock, registry, subscriptions, sender, published } = channels;
  const meter = createMeter({ name: 'client-events', limit: 10, windowMs: 1000 }, new MemoryCounters(), clock);
  const clientEvent = createClientEvent({ ...channels, meter, newId: () => 'id-1' });
  const speakers = ['ann', 'bob'].map((id) => ({
    principalId: `user:${id}`,
    connectionId: id,
    channels: [],
    saidAt: 0,
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
    clientEvent(speaker, typeof frame === 'string' ? (parseFrame(frame) as Frame) : frame);
  return { ...channels, ann, say, last: () => published.at(-1)?.frame };
}

describe('what a client says', () => {
  it('is heard by the others on the channel and not by itself, and answered a pong', async () => {
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

  it('has on a presence channel the name of who says it, whatever the frame says', async () => {
    const { say, last } = await scene();
    await say(`{"event":"client-x","channel":"${room}","user_id":"bob","data":1,"id":"forged","socket_id":"1.2"}`);
    expect(last()).toBe(`{"event":"client-x","channel":"${room}","data":1,"user_id":"ann","id":"id-1"}`);
  });

  it('may have a name with anything in it, up to 200 characters', async () => {
    const { say, last } = await scene();
    const event = 'client-App\\Events\\é.:'.padEnd(200, 'x');
    expect(await say({ event, channel: 'private-x' })).toEqual(pong);
    expect(JSON.parse(last() ?? '').event).toBe(event);
  });
});

describe('a client event is refused', () => {
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

  it('on one that it has left', async () => {
    const { say, part, ann } = await scene();
    await part('private-x', ann);
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

  it('above ten in one second', async () => {
    const { say, clock, published } = await scene();
    const frame = { event: 'client-x', channel: 'private-x' };
    for (let n = 0; n < 10; n += 1) expect(await say(frame)).toEqual(pong);
    expect(await say(frame)).toMatchObject(refused(4301));
    expect(published).toHaveLength(10);
    await clock.advance(1000);
    expect(await say(frame)).toEqual(pong);
  });
});
