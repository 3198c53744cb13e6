import { describe, expect, it } from 'vitest';
import { isSameSessionId, principalOf } from '../../../functions/core/handshake/session.ts';

describe('a comparison of session ids', () => {
  it('distinguishes equal and different ids of any length', () => {
    expect(isSameSessionId('abc', 'abc')).toBe(true);
    for (const other of ['abd', 'ab', 'abcd', 'ABC', '', 'abc\0', 'äbc']) {
      expect(isSameSessionId(other, 'abc'), other).toBe(false);
    }
  });
});

describe('the principal of a session', () => {
  it('is the user if PHP names one, and the hash of the session otherwise', () => {
    expect(principalOf({ sessionId: 's', userId: '42' }, 'hash')).toBe('user:42');
    expect(principalOf({ sessionId: 's' }, 'hash')).toBe('session:hash');
  });

  it('cannot look like a session for any user id', () => {
    expect(principalOf({ sessionId: 's', userId: 'session:hash' }, 'other')).toBe('user:session:hash');
  });
});
