import { describe, expect, it } from 'vitest';
import { isSameSessionId, principalOf } from '../../../functions/core/handshake/session.ts';

describe('comparing ids', () => {
  it('tells equal from different, whatever the lengths', () => {
    expect(isSameSessionId('abc', 'abc')).toBe(true);
    for (const other of ['abd', 'ab', 'abcd', 'ABC', '', 'abc\0', 'äbc']) {
      expect(isSameSessionId(other, 'abc'), other).toBe(false);
    }
  });
});

describe('the principal', () => {
  it('is the user when PHP names one, else the session by its hash', () => {
    expect(principalOf({ sessionId: 's', userId: '42' }, 'hash')).toBe('user:42');
    expect(principalOf({ sessionId: 's' }, 'hash')).toBe('session:hash');
  });

  it('cannot be made to look like a session by the name of a user', () => {
    expect(principalOf({ sessionId: 's', userId: 'session:hash' }, 'other')).toBe('user:session:hash');
  });
});
