import { describe, expect, it } from 'vitest';
import { createAdmission } from '../../../functions/core/channels/admission.ts';
import { createSignIn } from '../../../functions/core/channels/sign-in.ts';
import { createJoin, createSubscribe } from '../../../functions/core/channels/subscribe.ts';
import type { Ending, Frame, Speaker } from '../../../functions/core/frames/frame.ts';
import { deriveCredentials } from '../../../functions/core/keys/credentials.ts';
import { createSocketSignatures } from '../../../functions/core/keys/socket-signature.ts';
import { createRevoke } from '../../../functions/core/sessions/revoke.ts';
import { createMemoryChannels } from '../../fakes/channels.ts';
import { justAfter, justBefore } from '../../fakes/order.ts';
import { MemoryRevocations } from '../../fakes/revocations.ts';
import { authFor } from '../../fakes/socket-auth.ts';

const shared = { appId: 'app', key: 'key', secret: 'secret' };
const room = 'presence-room';
const hash = 'a'.repeat(64);

/** A socket of a session without a user, and PHP's signatures for it. */
async function scene() {
  const channels = createMemoryChannels();
  const { clock, registry, sender } = channels;
  const revocations = new MemoryRevocations(clock);
  const isSigned = createSocketSignatures(async () => deriveCredentials(shared));
  const join = createJoin({ ...channels, revocations, maxChannels: 2 });
  const subscribe = createSubscribe(createAdmission(isSigned, registry), async () => undefined, join);
  const signIn = createSignIn(isSigned, registry, join);
  const principalId = `session:${hash}`;
  sender.open('tab');
  await registry.seat('tab', { principalId, sessionHash: hash });
  const tab: Speaker = {
    principalId,
    connectionId: 'tab',
    channels: ['presence-*'],
    sentAt: clock.now(),
    authorizedAt: clock.now(),
  };
  await clock.advance(1);

  const sign = (...parts: readonly string[]) => authFor(shared, 'tab', ...parts);
  const userData = '{"id":"ada"}';
  const data = { auth: sign('', 'user', '', userData), user_data: userData };
  const ways = {
    'a sign-in': () => signIn(tab, { event: 'pusher:signin', data }),
    'a presence member that PHP has signed': () => {
      const channelData = '{"user_id":"ada"}';
      const wish = { channel: room, auth: sign(room, channelData), channel_data: channelData };
      return subscribe(tab, { event: 'pusher:subscribe', data: wish });
    },
  };
  const world = { ...channels, revocations };
  const closeUser = (userId = 'ada') => clock.finish(createRevoke(world)({ userId }, clock.now() + 20_000));
  const isOpen = () => sender.isOpen('tab');
  return { ...world, subscribe, ways, tab, closeUser, isOpen };
}

type Way = keyof Awaited<ReturnType<typeof scene>>['ways'];
const ways: readonly Way[] = ['a sign-in', 'a presence member that PHP has signed'];
const isEnding = (reply: Frame | Ending): reply is Ending => 'ending' in reply;

describe.each(ways)('a socket without a user that acts as ada by %s', (way) => {
  it('is closed and on no channel once ada is logged out', async () => {
    const the = await scene();
    expect(isEnding(await the.ways[way]())).toBe(false);
    expect(await the.closeUser()).toMatchObject({ found: 1, closed: 1 });
    expect(the.isOpen()).toBe(false);
    expect(the.registry.rows).toEqual([]);
    expect([...the.subscriptions.on(room), ...the.subscriptions.on('#server-to-user-ada')]).toEqual([]);
    expect(await the.members.of(room)).toEqual([]);
  });

  it('stays open if another user is logged out', async () => {
    const the = await scene();
    await the.ways[way]();
    expect(await the.closeUser('bob')).toMatchObject({ found: 0 });
    expect(the.isOpen()).toBe(true);
  });

  it('is refused with a signature from before the logout, however late', async () => {
    const the = await scene();
    await the.closeUser();
    await the.clock.advance(3_600_000);
    expect(await the.ways[way]()).toMatchObject({ ending: { refused: 'revoked-user', code: 4200 } });
    expect([...the.subscriptions.on(room), ...the.subscriptions.on('#server-to-user-ada')]).toEqual([]);
    expect(await the.members.of(room)).toEqual([]);
  });

  it('is accepted if ada was logged out before the socket opened', async () => {
    const the = await scene();
    await the.revocations.add('user:ada', the.tab.authorizedAt - 1);
    expect(isEnding(await the.ways[way]())).toBe(false);
  });

  const steps = [
    ['registry', 'join'],
    ['revocations', 'isRevokedSince'],
    ['subscriptions', 'add'],
    ['registry', 'holds'],
  ] as const;
  it.each(
    steps.flatMap(([port, method]) => [
      { when: `before ${port}.${method}`, order: justBefore, port, method },
      { when: `after ${port}.${method}`, order: justAfter, port, method },
    ]),
  )('is closed or refused if the logout comes $when, and gets no further events', async ({ order, port, method }) => {
    const the = await scene();
    order(the[port], method as never, () => the.closeUser());
    const reply = await the.ways[way]();
    expect(isEnding(reply) || !the.isOpen()).toBe(true);
    expect([...the.subscriptions.on(room), ...the.subscriptions.on('#server-to-user-ada')]).toEqual([]);
    expect(await the.members.of(room)).toEqual([]);
  });
});

describe('a sign-in', () => {
  it('delivers the events of the user’s own channel without a subscription', async () => {
    const the = await scene();
    expect(await the.ways['a sign-in']()).toMatchObject({ event: 'pusher:signin_success' });
    expect(the.subscriptions.on('#server-to-user-ada')).toEqual(['tab']);
    const frame = '{"event":"news","channel":"#server-to-user-ada","data":"{}"}';
    await the.broadcast({ channel: '#server-to-user-ada', frame });
    expect(the.sender.heardBy('tab')).toEqual(['news']);
  });

  it('does not count against the maximum number of channels', async () => {
    const the = await scene();
    const subscribe = (channel: string) => the.subscribe(the.tab, { event: 'pusher:subscribe', data: { channel } });
    await subscribe('news');
    await subscribe('sport');
    expect(await the.ways['a sign-in']()).toMatchObject({ event: 'pusher:signin_success' });
  });

  // The rejected sign-in is on the row. Without a check of the logout, the next frame would be accepted.
  it.each([
    ['the user’s own channel', '#server-to-user-ada', {}],
    ['a presence channel that names no member', room, { auth: authFor(shared, 'tab', room) }],
  ])('that was refused after a logout does not open %s to a later frame either', async (_, channel, fields) => {
    const the = await scene();
    await the.closeUser();
    await the.ways['a sign-in']();
    const reply = await the.subscribe(the.tab, { event: 'pusher:subscribe', data: { channel, ...fields } });
    expect(reply).toMatchObject({ ending: { refused: 'revoked-user' } });
  });
});
