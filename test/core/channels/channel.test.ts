import { describe, expect, it } from 'vitest';
import { channelOfUser, isChannelName, kindOf, matchesAny } from '../../../functions/core/channels/channel.ts';

describe('the kind of a channel', () => {
  it.each([
    ['news', 'public'],
    ['cache-news', 'public'],
    ['private', 'public'],
    ['privateer', 'public'],
    ['Private-x', 'public'],
    ['presence', 'public'],
    ['private-x', 'private'],
    ['private-', 'private'],
    ['private-cache-x', 'private'],
    ['private-encrypted', 'private'],
    ['private-encrypted-x', 'encrypted'],
    ['private-encrypted-cache-x', 'encrypted'],
    ['presence-x', 'presence'],
    ['presence-cache-x', 'presence'],
    ['#server-to-user-42', 'user'],
    ['#server-to-user', 'public'],
  ] as const)('%s is %s', (channel, kind) => {
    expect(kindOf(channel)).toBe(kind);
  });
});

describe('the name of a channel', () => {
  it.each([
    'a',
    'App.Models.Order.42',
    'a-b_c=d@e,f.g;h',
    'private-x',
    '__proto__',
    'x'.repeat(200),
    channelOfUser('42'),
  ])('may be %s', (name) => {
    expect(isChannelName(name)).toBe(true);
  });

  it.each(['', ' ', 'a b', 'a/b', 'a:b', 'a#b', '#a', '#server-to-user-', 'a*', 'é', 'a\n', '\ud800', 'x'.repeat(201)])(
    'may not be "%s"',
    (name) => {
      expect(isChannelName(name)).toBe(false);
    },
  );

  it('of a user may contain any user id that PHP may name', () => {
    expect(isChannelName(channelOfUser('gonzalo ayuso@example.com'))).toBe(true);
    expect(isChannelName(channelOfUser('a\u0000b'))).toBe(false);
    expect(isChannelName(channelOfUser('x'.repeat(129)))).toBe(false);
  });
});

describe('a channel pattern', () => {
  it.each([
    ['private-orders-42', 'private-orders-42', true],
    ['private-orders-42', 'private-orders-421', false],
    ['private-orders-42', 'private-orders-4', false],
    ['private-orders-*', 'private-orders-42', true],
    ['private-orders-*', 'private-orders-', true],
    ['private-orders-*', 'private-other', false],
    ['private-*', 'presence-x', false],
    ['private-a.c', 'private-abc', false],
  ])('%s matches %s: %s', (pattern, channel, fits) => {
    expect(matchesAny(channel, [pattern])).toBe(fits);
    expect(matchesAny(channel, ['private-never', pattern])).toBe(fits);
  });

  it('list without patterns matches nothing', () => {
    expect(matchesAny('private-x', [])).toBe(false);
  });
});
