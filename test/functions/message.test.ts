import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFloodLimit } from '../../functions/core/frames/rate-limit.ts';
import { createMessage } from '../../functions/message.ts';
import { anyText } from '../fakes/any-text.ts';
import { ManualClock } from '../fakes/clock.ts';
import { MemoryCounters } from '../fakes/counters.ts';
import { connectionId, messageEvent } from '../fakes/events.ts';
import { LoggedLines } from '../fakes/logged-lines.ts';
import { failNext } from '../fakes/order.ts';
import { FakeSockets } from '../fakes/sockets.ts';

/** Handlers that only return the sender and the frame. */
function scene({ perConnection = 1000, perUser = 1000, authorized = true, fails = false } = {}) {
  const clock = new ManualClock();
  const logged = new LoggedLines();
  const sender = new FakeSockets(clock).open(connectionId);
  const asked: string[] = [];
  const act = (verb: string) => async (speaker: { principalId: string }) => {
    if (fails) throw new Error('the item {"cookie": "secret"} could not be written');
    asked.push(`${verb} by ${speaker.principalId}`);
    return { event: verb };
  };
  const verbs = {
    subscribe: act('subscribe'),
    unsubscribe: act('unsubscribe'),
    signIn: act('signIn'),
    clientEvent: act('clientEvent'),
  };
  const limit = createFloodLimit(
    {
      name: 'frames',
      perConnection: { limit: perConnection, milliseconds: 60_000, reason: 'many-frames' },
      perUser: { limit: perUser, milliseconds: 60_000, reason: 'many-frames-of-user' },
    },
    new MemoryCounters(),
  );
  const message = createMessage({ verbs, limit, sender, log: logged.log });
  const say = async (body: string | undefined, id = connectionId) => {
    const event = messageEvent(body, authorized ? undefined : 'none');
    const requestContext = { ...event.requestContext, connectionId: id, requestTimeEpoch: clock.now() };
    const response = await message({ ...event, requestContext });
    expect(response.statusCode).toBe(200);
    return JSON.parse(response.body ?? '') as { event: string; data: unknown };
  };
  return { clock, logged, sender, asked, say };
}

const pong = { event: 'pusher:pong', data: {} };
const unknown = { event: 'pusher:error', data: { code: 4300, message: 'This event is not known here.' } };

it('answers a ping with a pong', async () => {
  const { say } = scene();
  expect(await say('{"event":"pusher:ping","data":{}}')).toEqual(pong);
  expect(await say('{"event":"pusher:ping"}')).toEqual(pong);
});

it('answers a pong too, because each frame gets exactly one reply', async () => {
  expect(await scene().say('{"event":"pusher:pong","data":{}}')).toEqual(pong);
});

it.each([
  ['pusher:subscribe', 'subscribe'],
  ['pusher:unsubscribe', 'unsubscribe'],
  ['pusher:signin', 'signIn'],
  ['client-', 'clientEvent'],
  ['client-anything at all', 'clientEvent'],
])(
  'handles %s as %s, for the connection that the authorizer accepted and not for any id in the frame',
  async (event, verb) => {
    const { say, asked } = scene();
    const forged = { principalId: 'user:43', user_id: '43', connectionId: 'other' };
    expect(await say(JSON.stringify({ event, ...forged }))).toEqual({ event: verb });
    expect(asked).toEqual([`${verb} by user:42`]);
  },
);

it.each([
  'pusher:nothing',
  'Pusher:Ping',
  'pusher:ping ',
  'pusher:subscription_succeeded',
  'pusher_internal:member_added',
  'Client-x',
  'client',
  '',
  '__proto__',
  'constructor',
  'toString',
])('answers the unknown event "%s" with an error', async (event) => {
  expect(await scene().say(JSON.stringify({ event }))).toEqual(unknown);
});

it.each([
  undefined,
  '',
  'null',
  '[]',
  '42',
  '{}',
  '{"event":null}',
  '{"__proto__":{"event":"pusher:ping"}}',
  '['.repeat(100_000),
  '{"a":'.repeat(100_000),
  'x'.repeat(1_000_000),
])('answers the invalid frame %.40s with an error that describes a frame', async (body) => {
  expect(await scene().say(body)).toMatchObject({ event: 'pusher:error', data: { code: 4300 } });
});

it('never repeats what the client sent', async () => {
  const { say } = scene();
  const reply = await say('{"event":"<script>","channel":"<script>","data":"<script>"}');
  expect(JSON.stringify(reply)).not.toContain('<');
});

it('does nothing for a connection that our authorizer did not accept', async () => {
  const { say, asked } = scene({ authorized: false });
  const refused = {
    event: 'pusher:error',
    data: { code: 4300, message: 'The authorizer has not identified this connection.' },
  };
  expect(await say('{"event":"pusher:subscribe"}')).toEqual(refused);
  expect(asked).toEqual([]);
});

// If a handler throws, API Gateway answers with a frame without an event, and Pusher's own client fails on that.
it('never throws, and every reply is a frame with an event that is a string', async () => {
  const { say } = scene();
  const frame = fc.record({ event: fc.oneof(fc.string(), fc.constantFrom('pusher:ping')), data: fc.jsonValue() });
  const anything = fc.oneof(
    anyText,
    fc.json(),
    frame.map((value) => JSON.stringify(value)),
  );
  await fc.assert(
    fc.asyncProperty(anything, async (body) => {
      expect((await say(body)).event).toMatch(/^pusher:(pong|error)$/);
    }),
  );
});

describe('a fault', () => {
  it.each([
    ['{"event":"client-x","channel":"private-x"}', { event: 'pusher:error', data: { code: 4300 } }],
    ['{"event":"pusher:subscribe","data":{"channel":7}}', { event: 'pusher:error', data: { code: 4300 } }],
    [
      '{"event":"pusher:subscribe","data":{"channel":"news"}}',
      { event: 'pusher:subscription_error', channel: 'news', data: { type: 'ServerError', status: 500 } },
    ],
  ])('answers %s with an error, and logs only the name of the fault', async (body, reply) => {
    const { logged, say } = scene({ fails: true });
    const answer = await say(body);
    expect(answer).toMatchObject(reply);
    expect(logged.count('FrameFailed')).toBe(1);
    expect(JSON.stringify([logged.lines, answer])).not.toContain('secret');
  });
});

describe('too many frames', () => {
  const ping = '{"event":"pusher:ping"}';
  const refusedWith = (message: string) => ({ event: 'pusher:error', data: { code: 4301, message } });

  it('are rejected with 4301 until the minute is over, and have no effect', async () => {
    const { clock, say, asked } = scene({ perConnection: 4 });
    for (let n = 0; n < 5; n += 1) expect(await say(ping)).toEqual(pong);
    const refused = refusedWith('Too many frames in one minute.');
    for (const event of ['pusher:ping', 'pusher:subscribe', 'client-x', 'nonsense']) {
      expect(await say(JSON.stringify({ event }))).toEqual(refused);
    }
    expect(await say('nonsense')).toEqual(refused);
    expect(asked).toEqual([]);
    await clock.advance(66_000);
    expect(await say(ping)).toEqual(pong);
  });

  it('of all sockets of a user together are rejected on each socket', async () => {
    const { clock, say } = scene({ perUser: 4 });
    for (const tab of ['a', 'b', 'c', 'd', 'e']) expect(await say(ping, tab)).toEqual(pong);
    expect(await say(ping)).toEqual(refusedWith('This user has sent too many frames in one minute.'));
    await clock.advance(66_000);
    expect(await say(ping)).toEqual(pong);
  });

  it.each([{ perConnection: 5 }, { perUser: 5 }])(
    'close the socket when they go on: first it is told why',
    async (limits) => {
      const { logged, sender, say } = scene(limits);
      for (let n = 0; n < 15; n += 1) await say('nonsense');
      expect(sender.isOpen(connectionId)).toBe(true);
      expect(await say('nonsense')).toEqual(pong);
      expect(sender.heardBy(connectionId)).toEqual(['pusher:error']);
      expect(sender.isOpen(connectionId)).toBe(false);
      expect(logged.count('Flooded')).toBe(1);
    },
  );

  it('get an error when the reason for the close cannot be posted, and the next frame closes the socket', async () => {
    const { logged, sender, say } = scene({ perConnection: 5 });
    for (let n = 0; n < 15; n += 1) await say('nonsense');
    failNext(sender, 'post');
    expect(await say('nonsense')).toMatchObject({ event: 'pusher:error', data: { code: 4300 } });
    expect([sender.isOpen(connectionId), logged.count('FrameFailed')]).toEqual([true, 1]);
    expect(await say('nonsense')).toEqual(pong);
    expect(sender.isOpen(connectionId)).toBe(false);
  });
});
