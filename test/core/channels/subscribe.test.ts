import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAdmission } from '../../../functions/core/channels/admission.ts';
import { createSignIn } from '../../../functions/core/channels/sign-in.ts';
import { createJoin, createSubscribe, createUnsubscribe } from '../../../functions/core/channels/subscribe.ts';
import { type Frame, parseFrame, type Speaker } from '../../../functions/core/frames/frame.ts';
import { deriveCredentials } from '../../../functions/core/keys/credentials.ts';
import { createSocketSignatures } from '../../../functions/core/keys/socket-signature.ts';
import { type FrameRefusalReason, isRefusal } from '../../../functions/core/refusal.ts';
import { anyText } from '../../fakes/any-text.ts';
import { createMemoryChannels } from '../../fakes/channels.ts';
import { failNext, justAfter, justBefore } from '../../fakes/order.ts';
import { MemoryRevocations } from '../../fakes/revocations.ts';
import { authFor } from '../../fakes/socket-auth.ts';

const shared = { appId: 'app', key: 'key', secret: 'secret' };
const room = 'presence-room';

interface Visit {
  readonly userId?: string;
  readonly userInfo?: unknown;
  readonly channels?: readonly string[];
}

function scene({ maxChannels = 10, tooMuch }: { maxChannels?: number; tooMuch?: FrameRefusalReason } = {}) {
  const channels = createMemoryChannels();
  const { clock, registry, sender } = channels;
  const isSigned = createSocketSignatures(async () => deriveCredentials(shared));
  const admit = createAdmission(isSigned, registry);
  const revocations = new MemoryRevocations(clock);
  const joinChannel = createJoin({ ...channels, revocations, maxChannels });
  const subscribe = createSubscribe(admit, async () => tooMuch, joinChannel);
  const unsubscribe = createUnsubscribe(channels.removeFromChannel);
  const signIn = createSignIn(isSigned, registry, joinChannel);

  /** A client with an open socket. By default, PHP allows it to join the room. */
  async function visit(connectionId: string, { userId, userInfo, channels = [room] }: Visit = {}): Promise<Speaker> {
    const principalId = userId === undefined ? `session:${connectionId}` : `user:${userId}`;
    sender.open(connectionId);
    await registry.seat(connectionId, { principalId });
    return { principalId, connectionId, userInfo, channels, sentAt: clock.now(), authorizedAt: clock.now() };
  }
  /** The reply to the client or, if that is only a pong, the list that was posted before it. */
  async function join(speaker: Speaker, channel: unknown, fields: object = {}): Promise<Frame> {
    const reply = await say(speaker, channel, fields);
    if (reply.event !== 'pusher:pong') return reply;
    const isList = ({ event }: Frame) => event === 'pusher_internal:subscription_succeeded';
    return (sender.framesHeardBy(speaker.connectionId) as Frame[]).filter(isList).at(-1) ?? reply;
  }
  const say = async (speaker: Speaker, channel: unknown, fields: object = {}): Promise<Frame> => {
    const reply = await subscribe(speaker, { event: 'pusher:subscribe', data: { channel, ...fields } });
    if ('ending' in reply) throw new Error(`The socket is closed: ${reply.ending.sentence}`);
    return reply;
  };
  const part = (speaker: Speaker, channel: unknown, sentAt = speaker.sentAt + 1) =>
    unsubscribe({ ...speaker, sentAt }, { event: 'pusher:unsubscribe', data: { channel } });
  const sign = ({ connectionId }: Speaker, ...parts: readonly string[]) => authFor(shared, connectionId, ...parts);
  const signInAs = (speaker: Speaker, userData: string, auth = sign(speaker, '', 'user', '', userData)) =>
    signIn(speaker, { event: 'pusher:signin', data: { auth, user_data: userData } });
  return { ...channels, revocations, visit, join, subscribe: say, unsubscribe: part, sign, signInAs };
}

const succeeded = (channel: string) => ({ event: 'pusher_internal:subscription_succeeded', data: '{}', channel });
const refused = (channel: string, status: number, type: string) => ({
  event: 'pusher:subscription_error',
  channel,
  data: { type, status, error: expect.stringMatching(/\.$/) },
});
const notAllowed = (channel: string) => refused(channel, 401, 'AuthError');
const membersIn = ({ data }: { data?: unknown }) => JSON.parse(String(data)).presence;

describe('a public channel', () => {
  it('may be joined by any connection, with the same reply as Reverb', async () => {
    const { visit, join, subscriptions, registry } = scene();
    const ann = await visit('aa');
    expect(await join(ann, 'news', { auth: '' })).toEqual(succeeded('news'));
    expect(await join(ann, '__proto__')).toEqual(succeeded('__proto__'));
    expect(subscriptions.on('news')).toEqual(['aa']);
    expect(registry.channelsOf(ann)).toEqual(['news', '__proto__']);
  });

  it('is joined once, even if a client subscribes twice', async () => {
    const { visit, join, subscriptions } = scene();
    const ann = await visit('aa');
    await join(ann, 'news');
    expect(await join(ann, 'news')).toEqual(succeeded('news'));
    expect(await subscriptions.count('news')).toBe(1);
  });

  it.each([['a b'], ['#internal'], [''], ['x'.repeat(201)], ['news\n']])(
    'rejects the invalid name "%s"',
    async (name) => {
      const { visit, join, registry } = scene();
      const ann = await visit('aa');
      expect(await join(ann, name)).toEqual(refused(name, 400, 'BadRequest'));
      expect(registry.channelsOf(ann)).toEqual([]);
    },
  );

  it.each([undefined, null, 7, ['news'], { toString: 'news' }])(
    'rejects the name %s, which is not a string',
    async (name) => {
      const { visit, join } = scene();
      expect(await join(await visit('aa'), name)).toMatchObject({ event: 'pusher:error', data: { code: 4300 } });
    },
  );

  it('is rejected above the maximum number of channels of one connection', async () => {
    const { visit, join, unsubscribe } = scene({ maxChannels: 2 });
    const ann = await visit('aa');
    await join(ann, 'one');
    await join(ann, 'two');
    expect(await join(ann, 'three')).toEqual(refused('three', 4100, 'LimitReached'));
    expect(await join(ann, 'two')).toEqual(succeeded('two'));
    await unsubscribe(ann, 'one');
    expect(await join(ann, 'three')).toEqual(succeeded('three'));
  });
});

describe.each(['private-x', 'private-encrypted-x', 'private-cache-x'])('the channel %s', (channel) => {
  it('is joined with PHP’s signature for this socket and this channel', async () => {
    const { visit, join, sign } = scene();
    const ann = await visit('aa');
    expect(await join(ann, channel, { auth: sign(ann, channel) })).toEqual(succeeded(channel));
  });

  it('is joined without a signature if a pattern from PHP matches, whatever else the client sends', async () => {
    const { visit, join } = scene();
    const ann = await visit('aa', { channels: ['private-*'] });
    expect(await join(ann, channel)).toEqual(succeeded(channel));
    expect(await join(ann, channel, { auth: '' })).toEqual(succeeded(channel));
  });

  it('is not joined by other clients, and leaves no rows', async () => {
    const { visit, join, sign, subscriptions, registry } = scene();
    const [ann, bob] = [await visit('aa'), await visit('bb')];
    for (const auth of [undefined, '', 'key:', sign(bob, channel), sign(ann, 'private-y'), sign(ann, channel, '{}')]) {
      expect(await join(ann, channel, auth === undefined ? {} : { auth })).toEqual(notAllowed(channel));
    }
    expect(subscriptions.on(channel)).toEqual([]);
    expect(registry.channelsOf(ann)).toEqual([]);
  });

  it('needs channel_data in its signature, if the client sends some', async () => {
    const { visit, join, sign } = scene();
    const ann = await visit('aa');
    const channelData = '{"user_id":"42"}';
    const auth = sign(ann, channel, channelData);
    expect(await join(ann, channel, { auth, channel_data: channelData })).toEqual(succeeded(channel));
    expect(await join(ann, channel, { auth, channel_data: '{}' })).toEqual(notAllowed(channel));
  });
});

describe('a presence channel', () => {
  it('takes the member from PHP’s identity if a pattern matches', async () => {
    const { visit, join, sender, published } = scene();
    const ann = await visit('aa', { userId: '42', userInfo: { name: 'Ann' } });
    expect(await join(ann, room)).toEqual({
      event: 'pusher_internal:subscription_succeeded',
      channel: room,
      data: '{"presence":{"count":1,"ids":["42"],"hash":{"42":{"name":"Ann"}}}}',
    });
    const bob = await visit('bb', { userId: '43' });
    expect(membersIn(await join(bob, room))).toEqual({
      count: 2,
      ids: ['42', '43'],
      hash: { '42': { name: 'Ann' }, '43': null },
    });
    expect(published.at(-1)?.frame).toBe(
      `{"event":"pusher_internal:member_added","channel":"${room}","data":"{\\"user_id\\":\\"43\\",\\"user_info\\":null}"}`,
    );
    expect(sender.heardBy('aa').slice(1)).toEqual(['pusher_internal:member_added']);
    expect(sender.heardBy('bb')).toEqual(['pusher_internal:subscription_succeeded']);
  });

  it('takes the member from PHP’s signature first', async () => {
    const { visit, join, sign } = scene();
    const ann = await visit('aa', { userId: '42' });
    const channelData = '{"user_id":10,"user_info":{"url":"http:\\/\\/\\u00e9"}}';
    const reply = await join(ann, room, { auth: sign(ann, room, channelData), channel_data: channelData });
    expect(membersIn(reply)).toEqual({ count: 1, ids: ['10'], hash: { '10': { url: 'http://é' } } });
  });

  it('takes the signed-in user as the member if channel_data is not signed', async () => {
    const { visit, join, sign, signInAs } = scene();
    const ann = await visit('aa', { channels: [] });
    const auth = sign(ann, room);
    expect(await join(ann, room, { auth })).toEqual(notAllowed(room));
    await signInAs(ann, '{"id":"42","user_info":{"name":"Ann"}}');
    expect(membersIn(await join(ann, room, { auth })).hash).toEqual({ '42': { name: 'Ann' } });
  });

  it('is not joined without a user, even if a pattern matches', async () => {
    const { visit, join } = scene();
    expect(await join(await visit('aa'), room)).toEqual(notAllowed(room));
  });

  it.each([
    ['no JSON', 'x', 400],
    ['no object', '"42"', 400],
    ['no user_id', '{"user_info":{}}', 400],
    ['an empty user_id', '{"user_id":""}', 400],
    ['a user_id that is an object', '{"user_id":{"toString":"42"}}', 400],
    ['a user_id by way of the prototype', '{"__proto__":{"user_id":"42"}}', 400],
    ['a user_id that no number can hold', '{"user_id":9007199254740993}', 400],
    ['an infinite user_id', '{"user_id":1e999}', 400],
    ['a user_id of 129 characters', `{"user_id":"${'x'.repeat(129)}"}`, 400],
    ['a user_id with a lone surrogate', '{"user_id":"\\ud800"}', 400],
    ['more than 1 KB of user_info', `{"user_id":"42","user_info":"${'x'.repeat(1023)}"}`, 4301],
  ])('is not joined with signed channel_data that is %s', async (_, channelData, status) => {
    const { visit, join, sign, members } = scene();
    const ann = await visit('aa');
    const reply = await join(ann, room, { auth: sign(ann, room, channelData), channel_data: channelData });
    expect(reply).toMatchObject({ event: 'pusher:subscription_error', data: { status } });
    expect(await members.of(room)).toEqual([]);
  });

  it('lists each user once, even with the id __proto__', async () => {
    const { visit, join, published } = scene();
    const tabs = [await visit('aa', { userId: '__proto__' }), await visit('bb', { userId: '__proto__' })];
    for (const tab of tabs) await join(tab, room);
    const reply = await join(await visit('cc', { userId: '42' }), room);
    expect(reply.data).toBe('{"presence":{"count":2,"ids":["42","__proto__"],"hash":{"42":null,"__proto__":null}}}');
    expect(published).toHaveLength(2);
  });

  it('has room for 100 users, and any number of their tabs', async () => {
    const { visit, join, members, sender } = scene();
    for (let n = 0; n < 100; n += 1) await members.join(room, { userId: `u${n}` }, `c${n}`);
    const ann = await visit('aa', { userId: 'u7' });
    expect(membersIn(await join(ann, room)).count).toBe(100);
    const bob = await visit('bb', { userId: 'bob' });
    expect(await join(bob, room)).toEqual(refused(room, 4100, 'LimitReached'));
    expect(await members.of(room)).toHaveLength(100);
    expect(sender.heardBy('aa')).not.toContain('pusher_internal:member_added');
  });

  it('never sends a frame that is too large for API Gateway', async () => {
    const { visit, join, members } = scene();
    const userInfo = '"'.repeat(500);
    for (let n = 0; n < 99; n += 1) await members.join(room, { userId: `u${n}`, userInfo }, `c${n}`);
    const ann = await visit('aa', { userId: 'ann', userInfo });
    expect(await join(ann, room)).toEqual(refused(room, 4100, 'LimitReached'));
    expect(await members.of(room)).toHaveLength(99);
  });

  it('removes the previous member if a connection joins again as another user', async () => {
    const { visit, join, sign, members, published } = scene();
    const ann = await visit('aa');
    for (const id of ['42', '42', '43']) {
      const channelData = JSON.stringify({ user_id: id });
      await join(ann, room, { auth: sign(ann, room, channelData), channel_data: channelData });
    }
    expect(await members.of(room)).toEqual([{ userId: '43' }]);
    expect(published.map(({ frame }) => JSON.parse(frame).event.replace('pusher_internal:', ''))).toEqual([
      'member_added',
      'member_removed',
      'member_added',
    ]);
  });
});

describe('the channel of a user', () => {
  it('is joined only by the user that PHP has named, or that has signed in', async () => {
    const { visit, join, signInAs } = scene();
    const [ann, bob] = [await visit('aa', { userId: '42' }), await visit('bb')];
    expect(await join(ann, '#server-to-user-42')).toEqual(succeeded('#server-to-user-42'));
    expect(await join(ann, '#server-to-user-43')).toEqual(notAllowed('#server-to-user-43'));
    expect(await join(bob, '#server-to-user-43')).toEqual(notAllowed('#server-to-user-43'));
    await signInAs(bob, '{"id":"43"}');
    expect(await join(bob, '#server-to-user-43')).toEqual(succeeded('#server-to-user-43'));
    expect(await join(bob, '#server-to-user-42')).toEqual(notAllowed('#server-to-user-42'));
  });
});

describe('a sign-in', () => {
  const error = { event: 'pusher:error', data: { code: 4300 } };

  it('gets the signed user data back, byte for byte', async () => {
    const { visit, signInAs } = scene();
    const userData = '{"id":"42", "user_info":{"name":"\\u00e9"},"watchlist":["43"]}';
    expect(await signInAs(await visit('aa', { userId: '42' }), userData)).toEqual({
      event: 'pusher:signin_success',
      data: { user_data: userData },
    });
  });

  it('as another user than PHP’s is rejected, and so is a second one as another user', async () => {
    const { visit, signInAs, registry } = scene();
    const [ann, bob] = [await visit('aa', { userId: '42' }), await visit('bb')];
    expect(await signInAs(ann, '{"id":"43"}')).toMatchObject(error);
    expect(await registry.signedInAs(ann)).toBeUndefined();
    await signInAs(bob, '{"id":"43"}');
    expect(await signInAs(bob, '{"id":"44"}')).toMatchObject(error);
    expect(await signInAs(bob, '{"id":"43"}')).toMatchObject({ event: 'pusher:signin_success' });
    expect(await registry.signedInAs(bob)).toMatchObject({ userId: '43' });
  });

  it.each([['{"id":42}'], ['{"id":""}'], ['{}'], ['[]'], ['x'], ['{"__proto__":{"id":"42"}}']])(
    'of %s names no user',
    async (userData) => {
      const { visit, signInAs } = scene();
      expect(await signInAs(await visit('aa'), userData)).toMatchObject(error);
    },
  );

  it('that is signed for another socket or for a channel is rejected', async () => {
    const { visit, sign, signInAs } = scene();
    const [ann, bob] = [await visit('aa'), await visit('bb')];
    const userData = '{"id":"42"}';
    for (const auth of [sign(bob, '', 'user', '', userData), sign(ann, userData), sign(ann, 'user', userData), '']) {
      expect(await signInAs(ann, userData, auth)).toMatchObject(error);
    }
  });

  it('of a revoked connection is rejected', async () => {
    const { visit, registry, clock, signInAs } = scene();
    const ann = await visit('aa');
    await registry.revoke(ann, clock.now());
    expect(await signInAs(ann, '{"id":"42"}')).toMatchObject({ event: 'pusher:error' });
  });
});

describe('an unsubscribe', () => {
  const pong = { event: 'pusher:pong', data: {} };

  it('stops all events of the channel, removes the member and gets a pong', async () => {
    const { visit, join, unsubscribe, subscriptions, members, registry } = scene();
    const ann = await visit('aa', { userId: '42' });
    await join(ann, room);
    expect(await unsubscribe(ann, room)).toEqual(pong);
    expect(subscriptions.on(room)).toEqual([]);
    expect(await members.of(room)).toEqual([]);
    expect(registry.channelsOf(ann)).toEqual([]);
  });

  it.each(['never', room, 'private-x', '#server-to-user-42', 'not a name', ''])(
    'from %s without having joined changes nothing',
    async (channel) => {
      const { visit, join, unsubscribe, members, published } = scene();
      await join(await visit('bb', { userId: '42' }), room);
      expect(await unsubscribe(await visit('aa', { userId: '42' }), channel)).toEqual(pong);
      expect(await members.of(room)).toHaveLength(1);
      expect(published).toHaveLength(1);
    },
  );

  it.each(['news', room])(
    'from %s with a rejoin at once keeps the rejoin, although it may be handled first',
    async (channel) => {
      const { visit, join, unsubscribe, subscriptions, registry, members } = scene();
      const ann = await visit('aa', { userId: '42' });
      const later = (ms: number) => ({ ...ann, sentAt: ann.sentAt + ms });
      await join(ann, channel);
      await join(later(5), channel);
      expect(await unsubscribe(ann, channel, ann.sentAt + 4)).toEqual(pong);
      expect(subscriptions.on(channel)).toEqual(['aa']);
      expect(registry.channelsOf(ann)).toEqual([channel]);
      expect(await members.of(channel)).toHaveLength(channel === room ? 1 : 0);
    },
  );

  it.each([
    ['news', 'subscriptions', 'add'],
    ['news', 'registry', 'holds'],
    [room, 'subscriptions', 'add'],
    [room, 'members', 'join'],
    [room, 'members', 'of'],
  ] as const)('from %s during the rejoin, before its %s.%s, keeps the rejoin too', async (channel, port, method) => {
    const the = scene();
    const ann = await the.visit('aa', { userId: '42' });
    await the.join(ann, channel);
    justBefore(the[port], method as never, () => the.unsubscribe(ann, channel, ann.sentAt + 1));
    const reply = await the.join({ ...ann, sentAt: ann.sentAt + 5 }, channel);
    expect(reply.event).toBe('pusher_internal:subscription_succeeded');
    expect(the.subscriptions.on(channel)).toEqual(['aa']);
    expect(the.registry.channelsOf(ann)).toEqual([channel]);
    expect(await the.members.of(channel)).toHaveLength(channel === room ? 1 : 0);
  });

  it.each(['news', room])('from %s keeps the name in the row after a rejoin before its removal', async (channel) => {
    const { visit, join, unsubscribe, subscriptions, registry } = scene();
    const ann = await visit('aa', { userId: '42' });
    await join(ann, channel);
    justBefore(registry, 'leaveChannel', () => join({ ...ann, sentAt: ann.sentAt + 5 }, channel));
    await unsubscribe(ann, channel, ann.sentAt + 4);
    expect(subscriptions.on(channel)).toEqual(['aa']);
    // Otherwise a logout would not find it, and it would still get events.
    expect(registry.channelsOf(ann)).toEqual([channel]);
  });

  // A page that mounted and unmounted at once. The user stayed on the channel for two hours, without a socket.
  it.each([
    ['subscriptions', 'add'],
    ['members', 'join'],
    ['members', 'of'],
    ['registry', 'holds'],
  ] as const)('from a channel during the join, after its %s.%s, leaves nothing there', async (port, method) => {
    const the = scene();
    const ann = await the.visit('aa', { userId: '42' });
    justAfter(the[port], method as never, () => the.unsubscribe(ann, room, ann.sentAt + 1));
    await the.join(ann, room);
    expect(the.subscriptions.on(room)).toEqual([]);
    expect(await the.members.of(room)).toEqual([]);
    expect(the.registry.channelsOf(ann)).toEqual([]);
  });

  it('that was interrupted is completed by the next one', async () => {
    const { visit, join, unsubscribe, leave, members, subscriptions } = scene();
    const ann = await visit('aa', { userId: '42' });
    await join(ann, room);
    failNext(members, 'leave');
    await expect(unsubscribe(ann, room)).rejects.toThrow('the network is down');
    await leave(ann);
    expect(await members.of(room)).toEqual([]);
    expect(subscriptions.on(room)).toEqual([]);
  });

  it('without a channel gets the error for a malformed frame', async () => {
    const { visit, unsubscribe } = scene();
    expect(await unsubscribe(await visit('aa'), 7)).toMatchObject({ event: 'pusher:error', data: { code: 4300 } });
  });
});

describe('a subscription that races with the end of its connection', () => {
  const ended = (channel: string) => notAllowed(channel);
  const steps = [
    ['registry', 'join'],
    ['subscriptions', 'add'],
    ['members', 'join'],
    ['members', 'of'],
  ] as const;

  it.each(steps)('leaves nothing if the socket disconnects before %s.%s', async (port, method) => {
    const the = scene();
    const ann = await the.visit('aa', { userId: '42' });
    justBefore(the[port], method as never, () => the.leave(ann));
    expect(await the.join(ann, room)).toEqual(ended(room));
    expect(the.subscriptions.on(room)).toEqual([]);
    expect(await the.members.of(room)).toEqual([]);
    expect(the.registry.has(ann)).toBe(false);
  });

  it.each(steps)('leaves nothing that gets events if the connection is revoked before %s.%s', async (port, method) => {
    const the = scene();
    const ann = await the.visit('aa', { userId: '42' });
    justBefore(the[port], method as never, async () => {
      const { channels = [] } = (await the.registry.revoke(ann, the.clock.now())) ?? {};
      for (const channel of channels) await the.leaveChannel(channel, ann);
    });
    expect(await the.join(ann, room)).toEqual(ended(room));
    expect(the.subscriptions.on(room)).toEqual([]);
    expect(await the.members.of(room)).toEqual([]);
  });

  it('is undone on a public channel too', async () => {
    const { visit, join, leave, subscriptions } = scene();
    const ann = await visit('aa');
    justAfter(subscriptions, 'add', () => leave(ann));
    expect(await join(ann, 'news')).toEqual(ended('news'));
    expect(subscriptions.on('news')).toEqual([]);
  });

  it('ends with it if the end comes last, and no absent member is announced', async () => {
    const { visit, join, leave, subscriptions, members, registry } = scene();
    const ann = await visit('aa', { userId: '42' });
    justAfter(registry, 'holds', () => leave(ann));
    await join(ann, room);
    expect(subscriptions.on(room)).toEqual([]);
    expect(await members.of(room)).toEqual([]);
  });

  it('is rejected if the session has ended', async () => {
    const { visit, join, registry, clock } = scene();
    const ann = await visit('aa');
    await registry.revoke(ann, clock.now());
    expect(await join(ann, 'news')).toEqual(ended('news'));
  });
});

describe('a new member of a presence channel', () => {
  const came = (id: string) => ({ ...frame('member_added'), data: expect.stringContaining(`"user_id":"${id}"`) });
  const left = (id: string) => ({ ...frame('member_removed'), data: `{"user_id":"${id}"}` });
  const frame = (event: string) => ({ event: `pusher_internal:${event}`, channel: room });

  // A list in the reply reached the client after newer announcements, and pusher-js starts anew with each list. Of
  // forty clients that joined a room at once, seven missed a member for good.
  it('gets the list, and then the changes since it was read', async () => {
    const { visit, join, leave, members, sender } = scene();
    const [ann, bob, cem] = [
      await visit('aa', { userId: 'ann' }),
      await visit('bb', { userId: 'bob' }),
      await visit('cc', { userId: 'cem' }),
    ];
    await join(bob, room);
    justAfter(members, 'of', async () => {
      await leave(bob);
      await join(cem, room);
    });
    expect(membersIn(await join(ann, room)).ids).toEqual(['ann', 'bob']);
    const afterTheList = sender.framesHeardBy('aa').slice(-2);
    expect(afterTheList).toEqual([left('bob'), came('cem')]);
  });

  it('gets the list as the reply if posting fails, and an error if the socket is gone', async () => {
    const { visit, join, sender, members, subscriptions } = scene();
    const ann = await visit('aa', { userId: 'ann' });
    sender.break('aa');
    expect(membersIn(await join(ann, room)).ids).toEqual(['ann']);
    sender.mend('aa');
    const bob = await visit('bb', { userId: 'bob' });
    await sender.close('bb');
    expect(await join(bob, room)).toEqual(refused(room, 401, 'AuthError'));
    expect(await members.of(room)).toMatchObject([{ userId: 'ann' }]);
    expect(subscriptions.on(room)).toEqual(['aa']);
  });

  it('gets the true state last if one tab of a user joins while the leave of another is announced', async () => {
    const { visit, join, leave, members, sender } = scene();
    const watcher = await visit('ww', { userId: 'watcher' });
    const [first, second] = [await visit('aa', { userId: 'ann' }), await visit('bb', { userId: 'ann' })];
    await join(watcher, room);
    await join(first, room);
    justAfter(members, 'leave', () => join(second, room));
    await leave(first);
    expect(sender.framesHeardBy('ww').at(-1)).toEqual(came('ann'));
  });

  it('gets the true state last if a user leaves while the join is announced', async () => {
    const the = scene();
    const watcher = await the.visit('ww', { userId: 'watcher' });
    const ann = await the.visit('aa', { userId: 'ann' });
    await the.join(watcher, room);
    justAfter(the.registry, 'holds', () => the.leave(ann));
    await the.join(ann, room);
    expect(the.sender.framesHeardBy('ww').at(-1)).toEqual(left('ann'));
    expect(await the.members.of(room)).toMatchObject([{ userId: 'watcher' }]);
  });
});

it('a subscription that fails removes nothing of a newer one', async () => {
  const { visit, join, subscriptions, registry, members } = scene();
  const ann = await visit('aa', { userId: '42' });
  justBefore(members, 'join', async () => {
    await join({ ...ann, sentAt: ann.sentAt + 5 }, room);
    failNext(members, 'of');
  });
  await expect(join(ann, room)).rejects.toThrow('the network is down');
  expect(subscriptions.on(room)).toEqual(['aa']);
  expect(registry.channelsOf(ann)).toEqual([room]);
  expect(await members.of(room)).toHaveLength(1);
});

describe('a presence channel that is joined again', () => {
  async function again(changes: { channelData?: string; sentAt?: number } = {}) {
    const the = scene();
    const [ann, bob] = [await the.visit('aa'), await the.visit('bb', { userId: 'bob' })];
    await the.join(bob, room);
    const first = '{"user_id":"42","user_info":{"name":"Ann"}}';
    const signed = (channelData: string) => ({ auth: the.sign(ann, room, channelData), channel_data: channelData });
    await the.join(ann, room, signed(first));
    const reads: string[] = [];
    for (const [port, method] of [
      [the.members, 'of'],
      [the.members, 'find'],
      [the.registry, 'holds'],
    ] as const) {
      const original = port[method as never] as (...args: unknown[]) => Promise<unknown>;
      Object.assign(port, {
        [method]: (...args: unknown[]) => {
          reads.push(method);
          return original.apply(port, args);
        },
      });
    }
    const { posts } = the.sender;
    const sentAt = ann.sentAt + (changes.sentAt ?? 5);
    const reply = await the.subscribe({ ...ann, sentAt }, room, signed(changes.channelData ?? first));
    return { ...the, ann, reads, reply, posted: the.sender.posts - posts };
  }

  it('gets the list as the reply with one read, and nothing is posted', async () => {
    const { reply, reads, posted } = await again();
    expect(reply.event).toBe('pusher_internal:subscription_succeeded');
    expect(membersIn(reply)).toEqual({ count: 2, ids: ['42', 'bob'], hash: { '42': { name: 'Ann' }, bob: null } });
    expect(reads).toEqual(['of']);
    expect(posted).toBe(0);
  });

  it('stays joined although an older unsubscribe is handled later', async () => {
    const { ann, unsubscribe, subscriptions, members } = await again();
    await unsubscribe(ann, room, ann.sentAt + 4);
    expect(subscriptions.on(room)).toEqual(['aa', 'bb']);
    expect(await members.of(room)).toHaveLength(2);
  });

  it.each([
    ['subscriptions', 'remove'],
    ['members', 'leave'],
  ] as const)('stays visible to the others although an older unsubscribe is at its %s.%s', async (port, method) => {
    const the = scene();
    const ann = await the.visit('aa', { userId: '42' });
    await the.join(ann, room);
    justAfter(the[port], method as never, () => the.join({ ...ann, sentAt: ann.sentAt + 5 }, room));
    await the.unsubscribe(ann, room, ann.sentAt + 4);
    expect(the.subscriptions.on(room)).toEqual(['aa']);
    expect(the.registry.channelsOf(ann)).toEqual([room]);
    expect(await the.members.of(room)).toHaveLength(1);
  });

  it('leaves no member if an older unsubscribe runs while the connection ends', async () => {
    const the = scene();
    const ann = await the.visit('aa', { userId: '42' });
    await the.join(ann, room);
    justAfter(the.subscriptions, 'remove', async () => {
      await the.join({ ...ann, sentAt: ann.sentAt + 5 }, room);
      justAfter(the.subscriptions, 'find', () => the.leave(ann));
    });
    await the.unsubscribe(ann, room, ann.sentAt + 4);
    expect(the.subscriptions.on(room)).toEqual([]);
    expect(await the.members.of(room)).toEqual([]);
  });

  it('shows the new user_info, if it has changed', async () => {
    const { members, sender } = await again({ channelData: '{"user_id":"42","user_info":{"name":"Ann B."}}' });
    expect(await members.find(room, '42')).toMatchObject({ userInfo: { name: 'Ann B.' } });
    expect(membersIn(sender.framesHeardBy('aa').at(-1) ?? {}).hash).toMatchObject({ '42': { name: 'Ann B.' } });
  });

  it.each([
    ['subscriptions', 'find'],
    ['subscriptions', 'add'],
    ['members', 'of'],
  ] as const)('leaves nothing if the connection is revoked before %s.%s', async (port, method) => {
    const the = scene();
    const [ann, tab] = [await the.visit('aa', { userId: '42' }), await the.visit('bb', { userId: '42' })];
    for (const each of [ann, tab]) await the.join(each, room);
    justBefore(the[port], method as never, async () => {
      const { channels = [] } = (await the.registry.revoke(ann, the.clock.now())) ?? {};
      for (const channel of channels) await the.leaveChannel(channel, ann);
    });
    await the.join({ ...ann, sentAt: ann.sentAt + 5 }, room);
    expect(the.subscriptions.on(room)).toEqual(['bb']);
    expect(await the.members.of(room, 'aa')).toEqual([]);
  });
});

describe('above the limit of joins', () => {
  it('a presence channel is not joined, without a read or write, and other channels are', async () => {
    const { visit, join, registry, subscriptions, published } = scene({ tooMuch: 'many-joins' });
    const ann = await visit('aa', { userId: '42', channels: ['*'] });
    failNext(registry, 'join');
    expect(await join(ann, room)).toEqual(refused(room, 4301, 'LimitReached'));
    expect(subscriptions.on(room)).toEqual([]);
    expect(published).toEqual([]);
    await expect(join(ann, 'news')).rejects.toThrow('the network is down');
    expect(await join(ann, 'news')).toEqual(succeeded('news'));
  });
});

it('a user who leaves and rejoins at once is not announced to have left', async () => {
  const { visit, join, unsubscribe, sender, members } = scene();
  const [watcher, ann] = [await visit('ww', { userId: 'watcher' }), await visit('aa', { userId: 'ann' })];
  await join(watcher, room);
  await join(ann, room);
  justAfter(members, 'leave', () => join({ ...ann, sentAt: ann.sentAt + 5 }, room));
  await unsubscribe(ann, room, ann.sentAt + 4);
  expect(sender.heardBy('ww')).not.toContain('pusher_internal:member_removed');
  expect(sender.heardBy('ww').at(-1)).toBe('pusher_internal:member_added');
  expect(await members.of(room)).toHaveLength(2);
});

describe('two tabs of one user at the same moment', () => {
  it('announce the user once', async () => {
    const { visit, join, members, published } = scene();
    const [first, second] = [await visit('aa', { userId: '42' }), await visit('bb', { userId: '42' })];
    justBefore(members, 'join', () => join(second, room));
    await join(first, room);
    expect(published.filter(({ frame }) => frame.includes('member_added'))).toHaveLength(1);
  });

  it('keep the user present if one joins while the other leaves', async () => {
    const { visit, join, leave, members } = scene();
    const [first, second] = [await visit('aa', { userId: '42' }), await visit('bb', { userId: '42' })];
    await join(first, room);
    justBefore(members, 'leave', () => join(second, room));
    await leave(first);
    expect(await members.of(room)).toMatchObject([{ userId: '42' }]);
  });
});

it('a member is announced after a first join that failed half-way', async () => {
  const { visit, join, members, published } = scene();
  const ann = await visit('aa', { userId: '42' });
  failNext(members, 'of');
  await expect(join(ann, room)).rejects.toThrow('the network is down');
  await join(ann, room);
  expect(published.filter(({ frame }) => frame.includes('member_added'))).toHaveLength(1);
});

it('any frame is a subscription or an error, and never throws', async () => {
  const { visit, join, unsubscribe, signInAs } = scene();
  const ann = await visit('aa', { userId: '42' });
  const value = fc.oneof(anyText, fc.jsonValue(), fc.constantFrom(room, '__proto__', 'constructor', 'private-x'));
  await fc.assert(
    fc.asyncProperty(value, value, value, async (channel, auth, channelData) => {
      const text = JSON.stringify({ event: 'pusher:subscribe', data: { channel, auth, channel_data: channelData } });
      const frame = parseFrame(text);
      if (isRefusal(frame)) return;
      const { data } = frame as { data: { channel: unknown; auth: unknown; channel_data: unknown } };
      const replies = [
        await join(ann, data.channel, { auth: data.auth, channel_data: data.channel_data }),
        await unsubscribe(ann, data.channel),
        await signInAs(ann, JSON.stringify(data.channel_data), JSON.stringify(data.auth)),
      ];
      for (const reply of replies) expect('event' in reply && reply.event).toMatch(/^pusher(_internal)?:/);
      expect({}).not.toHaveProperty('polluted');
    }),
    { numRuns: 60 },
  );
});
