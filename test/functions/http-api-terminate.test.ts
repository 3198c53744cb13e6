import { randomBytes } from 'node:crypto';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import type { Connection } from '../../functions/core/connections/connection.ts';
import { type CredentialsSource, deriveCredentials, hashSessionId } from '../../functions/core/keys/credentials.ts';
import { createCloseConnections } from '../../functions/core/sessions/close-connections.ts';
import { createRebind } from '../../functions/core/sessions/rebind.ts';
import { createRevoke } from '../../functions/core/sessions/revoke.ts';
import { createHttpApi } from '../../functions/http-api.ts';
import { createFakeBroadcaster } from '../fakes/broadcaster.ts';
import { MemoryClaims } from '../fakes/claims.ts';
import { ManualClock } from '../fakes/clock.ts';
import { MemoryIdempotency } from '../fakes/idempotency.ts';
import { LoggedLines } from '../fakes/logged-lines.ts';
import { MemoryMembers } from '../fakes/members.ts';
import { failNext } from '../fakes/order.ts';
import { MemoryRegistry } from '../fakes/registry.ts';
import { MemoryRevocations } from '../fakes/revocations.ts';
import { signQuery } from '../fakes/signed-request.ts';
import { FakeSockets } from '../fakes/sockets.ts';
import { MemorySubscriptions } from '../fakes/subscriptions.ts';
import { contents, sealTicket } from '../fakes/ticket.ts';

const shared = { appId: 'app', key: 'key', secret: 'secret' };
const hash = 'a'.repeat(64);
const ofUser = (userId: string) => `/apps/app/users/${userId}/terminate_connections`;
const ofRebind = (name: string) => `/apps/app/sessions/${name}/rebind`;
const ofSession = (name: string) => `/apps/app/sessions/${name}/terminate_connections`;

async function scene() {
  const clock = new ManualClock();
  const registry = new MemoryRegistry(clock);
  const revocations = new MemoryRevocations(clock);
  const sender = new FakeSockets(clock).open('a', 'b');
  const logged = new LoggedLines();
  await registry.seat('a', { principalId: 'user:42', sessionHash: hash });
  await registry.seat('b', { principalId: 'user:42', sessionHash: 'b'.repeat(64) });
  let kept = deriveCredentials(shared);
  const fresh = { credentials: kept };
  let asked = 0;
  const credentials: CredentialsSource = async (maxAgeMs) => {
    asked += 1;
    if (maxAgeMs !== undefined) kept = fresh.credentials;
    return kept;
  };
  const leaveChannel = async () => true;
  const leave = async (connection: Connection) => void (await registry.leave(connection));
  const closeConnections = createCloseConnections({ registry, sender, leaveChannel, leave, clock });
  const api = createHttpApi({
    credentials,
    revoke: createRevoke({ registry, revocations, closeConnections, clock }),
    rebindSession: createRebind({
      registry,
      live: registry,
      revocations,
      claims: new MemoryClaims(clock),
      credentials,
      closeConnections,
      revalidateSeconds: undefined,
      newIv: () => randomBytes(12),
      clock,
    }),
    clock,
    log: logged.log,
    // Publishing has its own test.
    subscriptions: new MemorySubscriptions(clock),
    members: new MemoryMembers(clock),
    broadcast: createFakeBroadcaster(new MemorySubscriptions(clock), sender).broadcast,
    idempotency: new MemoryIdempotency(clock),
  });

  /** Signed as PHP signs it, unless told otherwise. */
  function ask(
    path: string,
    { body = '{}', method = 'POST', secret = shared.secret, query = '', base64 = false, signedPath = path } = {},
  ) {
    const time = Math.floor(clock.now() / 1000);
    const bytes = Buffer.from(body);
    const event = {
      rawPath: path,
      headers: {},
      rawQueryString: query || signQuery({ method, path: signedPath, body: bytes }, { ...shared, secret, time }),
      body: base64 ? bytes.toString('base64') : body,
      isBase64Encoded: base64,
      requestContext: { http: { method } },
    };
    return clock.finish(api(event as APIGatewayProxyEventV2));
  }
  const ticket = () =>
    sealTicket(shared, contents(Math.floor(clock.now() / 1000), { c: 'SID=after', s: 'after', i: { userId: '42' } }));
  return { registry, revocations, sender, logged, fresh, ask, ticket, asked: () => asked };
}

const done = { statusCode: 200, headers: { 'content-type': 'application/json' }, body: '{}' };

it('gives a session’s sockets another session id when PHP sends a ticket for it', async () => {
  const { registry, logged, ask, ticket } = await scene();
  expect(await ask(ofRebind(hash), { body: JSON.stringify({ user_id: '42', ticket: ticket() }) })).toEqual(done);
  expect(registry.rows.find(({ connectionId }) => connectionId === 'a')?.sessionHash).toBe(
    hashSessionId(deriveCredentials(shared), 'after'),
  );
  expect(logged.lines).toMatchObject([
    { level: 'info', message: 'rebound', fields: { principalId: 'user:42' }, counts: { Rebound: 1, RebindFailed: 0 } },
  ]);
  expect(JSON.stringify(logged.lines)).not.toContain(hash);
});

it.each([
  ['no hash', ofRebind('x'), { ticket: 'x' }, 'hash of the session: 64 hex digits'],
  ['no ticket', ofRebind(hash), { user_id: '42' }, 'with ticket, a string'],
  ['a user that is none', ofRebind(hash), { user_id: 42, ticket: 'x' }, 'user_id must be a string'],
  ['a ticket that is none', ofRebind(hash), { user_id: '42', ticket: 'x' }, 'The token is not a ticket'],
  ['no object', ofRebind(hash), null, 'with ticket, a string'],
])('rejects a rebind with %s, and changes nothing', async (_, path, body, words) => {
  const { registry, ask } = await scene();
  const answer = await ask(path, { body: JSON.stringify(body) });
  expect(answer).toMatchObject({ statusCode: 400, body: expect.stringContaining(words) });
  expect(registry.rows.map(({ sessionHash }) => sessionHash)).toEqual([hash, 'b'.repeat(64)]);
});

it('fails when a socket still has the old id, so that PHP gets an error', async () => {
  const { registry, logged, ask, ticket } = await scene();
  failNext(registry, 'rebind');
  const body = JSON.stringify({ user_id: '42', ticket: ticket() });
  await expect(ask(ofRebind(hash), { body })).rejects.toThrow('1 sockets still have the old session id.');
  expect(logged.lines).toMatchObject([{ level: 'error', counts: { RebindFailed: 1 } }]);
});

it('closes a user’s sockets and answers as Pusher does, each time', async () => {
  const { sender, logged, ask } = await scene();
  expect(await ask(ofUser('42'))).toEqual(done);
  expect([sender.isOpen('a'), sender.isOpen('b')]).toEqual([false, false]);
  const steps = { revokeMs: 0, findMs: 0, markMs: 0, closeMs: 0, forgetMs: 0 };
  const fields = { principalId: 'user:42', of: 'user', found: 2, gone: 0, ...steps };
  expect(logged.lines).toEqual([
    { level: 'info', message: 'revoked', fields, counts: { Revoked: 2, RevokeFailed: 0 } },
  ]);
  expect(await ask(ofUser('42'))).toEqual(done);
  expect(await ask(ofUser('nobody'))).toEqual(done);
});

// API Gateway was seen to decode paths, but AWS documents neither that nor the opposite. Pusher's libraries sign the id
// unescaped, but an app may escape it before.
it.each([
  ['auth0|5f7c8ec7c33c6c004bbafe82', 'as it is', (id: string) => id, 'decoded', (id: string) => id],
  ['Zoë', 'as it is', (id: string) => id, 'decoded', (id: string) => id],
  ['a b', 'as it is', (id: string) => id, 'escaped', encodeURIComponent],
  ['a/b', 'escaped', encodeURIComponent, 'escaped', encodeURIComponent],
  ['a b', 'escaped', encodeURIComponent, 'decoded', (id: string) => id],
  ['ada@example.com', 'escaped', encodeURIComponent, 'decoded', (id: string) => id],
  ["O'Hara (jr)", 'escaped by PHP', () => 'O%27Hara%20%28jr%29', 'decoded', (id: string) => id],
  ['🙂'.repeat(32), 'as it is', (id: string) => id, 'escaped', encodeURIComponent],
  ['100%', 'as it is', (id: string) => id, 'as it is', (id: string) => id],
] as const)('closes the user %j, signed %s and handed on %s', async (userId, _, signed, __, came) => {
  const { registry, sender, ask } = await scene();
  sender.open('c');
  await registry.seat('c', { principalId: `user:${userId}`, sessionHash: 'c'.repeat(64) });
  expect(await ask(ofUser(came(userId)), { signedPath: ofUser(signed(userId)) })).toEqual(done);
  expect([sender.isOpen('a'), sender.isOpen('c')]).toEqual([true, false]);
});

// Otherwise a user with the id a%20b could escape a forced logout: its request looks like that of an app that escapes
// "a b".
it('closes the sockets of both users that an escaped id may mean', async () => {
  const { revocations, ask } = await scene();
  expect(await ask(ofUser('a b'), { signedPath: ofUser('a%20b') })).toEqual(done);
  expect(revocations.names).toEqual(['user:a%20b', 'user:a b']);
});

it.each(['-'.repeat(129), 'nobody', '43', 'a%20b'])(
  'closes the user in the body, when the path says %s',
  async (name) => {
    const { revocations, sender, ask } = await scene();
    const userId = 'a/b ë?#%00';
    sender.open('c');
    expect(await ask(ofUser(name), { body: JSON.stringify({ user_id: userId }) })).toEqual(done);
    expect(revocations.names).toEqual([`user:${userId}`]);
  },
);

it('closes a session’s sockets, with its user in the body, and logs no hash', async () => {
  const { sender, logged, ask } = await scene();
  expect(await ask(ofSession(hash), { body: '{"user_id":"42"}' })).toEqual(done);
  expect([sender.isOpen('a'), sender.isOpen('b')]).toEqual([false, true]);
  expect(JSON.stringify(logged.lines)).not.toContain(hash);
});

it.each(['', '{}', '{"user_id":"43"}'])(
  'closes a session’s sockets of every user when the body is %j',
  async (body) => {
    const { sender, ask } = await scene();
    expect(await ask(ofSession(hash), { body })).toEqual(done);
    expect([sender.isOpen('a'), sender.isOpen('b')]).toEqual([false, true]);
  },
);

it('verifies the bytes of the body, not the base64 that API Gateway makes of some', async () => {
  const { sender, ask } = await scene();
  expect(await ask(ofSession(hash), { body: '{"user_id":"42"}', base64: true })).toEqual(done);
  expect(sender.isOpen('a')).toBe(false);
});

describe('rejects, without any effect,', () => {
  it.each([
    ['another app', '/apps/other/users/42/terminate_connections', {}, 404],
    ['a route that is none', '/apps/app/events/1', {}, 404],
    ['another method', ofUser('42'), { method: 'GET' }, 404],
    ['a path with a character that has to be escaped', '/apps/app/channels/a b', { method: 'GET' }, 400],
    ['a user id with a line feed', ofUser('4\n2'), {}, 400],
    ['a signature for another user', ofUser('42'), { signedPath: ofUser('43') }, 401],
    ['a signature for a user id that was escaped twice', ofUser('a b'), { signedPath: ofUser('a%2520b') }, 401],
    [
      'a signature for another spelling of the route',
      ofUser('42'),
      { signedPath: ofUser('42').replace('us', '%75s') },
      401,
    ],
    ['a signature for another route', ofUser('42'), { signedPath: ofSession(hash) }, 401],
    [
      'a signature for another spelling of a session',
      ofSession(hash),
      { signedPath: ofSession(`%61${hash.slice(1)}`) },
      401,
    ],
    ['an empty user id in the body', ofUser('42'), { body: '{"user_id":""}' }, 400],
    ['a user id in the body that is too long', ofUser('42'), { body: `{"user_id":"${'4'.repeat(129)}"}` }, 400],
    ['a hash that is none', ofSession('a'.repeat(63)), {}, 400],
    ['a user id that is too long', ofUser('4'.repeat(129)), {}, 400],
    ['a body that is no JSON', ofSession(hash), { body: '{' }, 400],
    ['a body that is a list', ofSession(hash), { body: '[]' }, 400],
    ['a user id that is a number', ofSession(hash), { body: '{"user_id":42}' }, 400],
    ['an empty user id', ofSession(hash), { body: '{"user_id":""}' }, 400],
    ['a body of more than 10 KB', ofUser('42'), { body: ' '.repeat(10_241) }, 413],
    ['no signature', ofUser('42'), { query: 'auth_key=key' }, 401],
    ['a signature with another secret', ofUser('42'), { secret: 'another' }, 401],
  ] as const)('%s', async (_, path, options, status) => {
    const { registry, revocations, sender, logged, ask } = await scene();
    const answer = await ask(path, options);
    expect(answer).toMatchObject({ statusCode: status, headers: { 'content-type': 'text/plain; charset=utf-8' } });
    expect(answer.body).toMatch(/ .*\.$/);
    expect([sender.isOpen('a'), sender.isOpen('b')]).toEqual([true, true]);
    expect(registry.rows.some(({ revokedAt }) => revokedAt !== undefined)).toBe(false);
    expect(revocations.names).toEqual([]);
    expect(logged.count('RequestRefused')).toBe(1);
  });

  it('fetches a newer secret only when a signature does not match', async () => {
    const { fresh, ask, asked } = await scene();
    await ask(ofUser('42'), { query: 'auth_key=key' });
    expect(asked()).toBe(1);
    fresh.credentials = deriveCredentials({ ...shared, secret: 'newer' });
    expect(await ask(ofUser('42'), { secret: 'newer' })).toEqual(done);
    expect(asked()).toBe(3);
  });
});

describe('fails, so that PHP retries,', () => {
  it('when a socket cannot be closed', async () => {
    const { sender, logged, ask } = await scene();
    sender.break('a');
    await expect(ask(ofUser('42'))).rejects.toThrow('1 of 2 sockets could not be closed.');
    expect(logged.lines).toMatchObject([{ level: 'error', counts: { Revoked: 1, RevokeFailed: 1 } }]);
  });

  it('when the revocation cannot be written', async () => {
    const { revocations, sender, ask } = await scene();
    failNext(revocations, 'add');
    await expect(ask(ofUser('42'))).rejects.toThrow('the network is down');
    expect(sender.isOpen('a')).toBe(true);
  });
});
