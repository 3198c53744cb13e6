import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createConnect } from '../../functions/connect.ts';
import { createLeave } from '../../functions/core/channels/leave.ts';
import { connectionLifetime } from '../../functions/core/connections/connection.ts';
import type { ConnectionLimit } from '../../functions/core/connections/connection-limit.ts';
import { createMeter, type Meter, mostWithin } from '../../functions/core/connections/meter.ts';
import { deriveCredentials, hashSessionId } from '../../functions/core/keys/credentials.ts';
import { explainEnding } from '../../functions/core/refusal.ts';
import { createCloseConnections } from '../../functions/core/sessions/close-connections.ts';
import { endsSoonMs } from '../../functions/core/sessions/live-sessions.ts';
import { createRebind } from '../../functions/core/sessions/rebind.ts';
import { createEndWatch, type WatchEnd } from '../../functions/core/sessions/session-ends.ts';
import type { DeliverJob, Starter } from '../../functions/edge/invoke.ts';
import { MemoryClaims } from '../fakes/claims.ts';
import { ManualClock } from '../fakes/clock.ts';
import { MemoryCounters } from '../fakes/counters.ts';
import { connectEvent, connectionId } from '../fakes/events.ts';
import { LoggedLines } from '../fakes/logged-lines.ts';
import { failNext, justAfter, justBefore } from '../fakes/order.ts';
import { MemoryRegistry } from '../fakes/registry.ts';
import { MemoryRevocations } from '../fakes/revocations.ts';
import { FakeSockets } from '../fakes/sockets.ts';
import { contents, sealTicket } from '../fakes/ticket.ts';

const connection = { principalId: 'user:42', connectionId };
const limit: ConnectionLimit = { maxConnections: 3, atMaxConnections: 'refuse' };
const handshakes: Meter = async () => 'within';
const watchEnd: WatchEnd = async () => undefined;

function scene() {
  const clock = new ManualClock();
  const registry = new MemoryRegistry(clock);
  const started: (DeliverJob | { readonly endsAt: number } | 'tick')[] = [];
  const starter: Starter = {
    deliver: async (job) => {
      // The started function may run at once, so the row must exist.
      if ('welcome' in job) expect(registry.has(job.welcome)).toBe(true);
      started.push(job);
    },
    closeEnded: async (endsAt) => {
      started.push({ endsAt });
    },
    tick: async () => {
      expect(registry.rows).not.toEqual([]);
      started.push('tick');
    },
  };
  const logged = new LoggedLines();
  const revocations = new MemoryRevocations(clock);
  return {
    clock,
    registry,
    revocations,
    starter,
    started,
    logged,
    connect: createConnect({
      registry,
      revocations,
      limit,
      handshakes,
      watchEnd: createEndWatch(new MemoryClaims(clock), starter.closeEnded, clock),
      starter,
      clock,
      log: logged.log,
    }),
  };
}

it('registers the connection before it starts the welcome and the tick', async () => {
  const { registry, started, logged, clock, connect } = scene();
  expect(await connect(connectEvent())).toEqual({ statusCode: 200 });
  expect(registry.rows).toMatchObject([{ ...connection, sessionHash: 'a'.repeat(64), connectedAt: clock.now() }]);
  expect(started).toEqual([{ welcome: connection }, 'tick']);
  expect(logged.count('Connected')).toBe(1);
});

it('logs neither the hash of the session nor anything that the client sent', async () => {
  const { logged, connect } = scene();
  await connect(connectEvent());
  expect(logged.lines.map(({ fields }) => fields)).toEqual([connection]);
});

it.each([
  ['no context at all', 'none' as const],
  ['no principal', { sessionHash: 'x' }],
  ['no hash', { principalId: 'user:42' }],
  ['no time', { principalId: 'user:42', sessionHash: 'x' }],
  ['a time that is none', { principalId: 'user:42', sessionHash: 'x', authorizedAt: 'soon' }],
])('rejects a handshake with %s, because our authorizer did not accept it', async (_, context) => {
  const { registry, started, logged, connect } = scene();
  expect(await connect(connectEvent(context))).toEqual({ statusCode: 403 });
  expect(registry.rows).toEqual([]);
  expect(started).toEqual([]);
  expect(logged.count('Connected')).toBe(0);
});

// AWS does not document whether API Gateway would run `$connect` for such a frame. It would overwrite the row's
// revocation.
it('rejects a frame whose event is "$connect", and does not change its sender’s row', async () => {
  const { registry, started, connect } = scene();
  await connect(connectEvent());
  await registry.revoke(connection, 0, 'revoked');
  const event = connectEvent();
  const frame = { ...event, requestContext: { ...event.requestContext, eventType: 'MESSAGE' as const } };
  expect(await connect(frame)).toEqual({ statusCode: 403 });
  expect(await registry.whyRevoked(connection)).toBe('revoked');
  expect(started).toHaveLength(2);
});

it('removes the row when deliver cannot be started', async () => {
  const { registry, starter, logged, connect } = scene();
  const other = await registry.seat('other');
  failNext(starter, 'deliver');
  await expect(connect(connectEvent())).rejects.toThrow('the network is down');
  expect(registry.rows.map(({ connectionId: id }) => id)).toEqual([other.connectionId]);
  expect(logged.count('Connected')).toBe(0);
});

// A failure of the demo's hello must not reject a handshake.
it('accepts the handshake although tick cannot be started, and logs a warning', async () => {
  const { registry, starter, logged, connect } = scene();
  failNext(starter, 'tick');
  expect(await connect(connectEvent())).toEqual({ statusCode: 200 });
  expect(registry.rows).toHaveLength(1);
  expect(logged.messages).toEqual(['hello could not be started', 'connected']);
});

it('starts nothing when the connection cannot be registered', async () => {
  const { registry, started, connect } = scene();
  failNext(registry, 'add');
  await expect(connect(connectEvent())).rejects.toThrow('the network is down');
  expect(started).toEqual([]);
});

// The table often fails in the same minute as everything else, and the first fault explains the others.
it('throws the first fault when it cannot remove the row either', async () => {
  const { registry, starter, connect } = scene();
  failNext(starter, 'deliver', new Error('Lambda is down'));
  failNext(registry, 'leave', new Error('DynamoDB is down'));
  await expect(connect(connectEvent())).rejects.toThrow('Lambda is down');
});

describe('with tickets', () => {
  const admitted = {
    principalId: 'user:42',
    sessionHash: 'a'.repeat(64),
    authorizedAt: '1790000000000',
    jti: 'b'.repeat(32),
  };

  function ticketScene() {
    const the = scene();
    const claims = new MemoryClaims(the.clock);
    const { registry, revocations, starter, clock, logged } = the;
    return {
      ...the,
      claims,
      connect: createConnect({
        registry,
        revocations,
        claims,
        limit,
        handshakes,
        watchEnd,
        starter,
        clock,
        log: logged.log,
      }),
    };
  }

  it('marks the ticket as used for five minutes', async () => {
    const { claims, clock, connect } = ticketScene();
    expect(await connect(connectEvent(admitted))).toEqual({ statusCode: 200 });
    expect(claims.names).toEqual([`ticket:${admitted.jti}`]);
    await clock.advance(299_000);
    expect(await connect(connectEvent(admitted))).toEqual({ statusCode: 403 });
  });

  it('rejects a used ticket, writes nothing and starts nothing', async () => {
    const { registry, started, logged, connect } = ticketScene();
    await connect(connectEvent(admitted));
    const before = { rows: registry.rows, started: [...started] };
    expect(await connect(connectEvent(admitted))).toEqual({ statusCode: 403 });
    expect({ rows: registry.rows, started }).toEqual(before);
    expect(logged.lines.at(-1)).toMatchObject({ message: 'handshake refused', fields: { reason: 'used-ticket' } });
    expect(logged.count('HandshakeRefused')).toBe(1);
    expect(JSON.stringify(logged.lines)).not.toContain(admitted.jti);
  });

  it('logs every replay in full', async () => {
    const { logged, connect } = ticketScene();
    for (let times = 0; times < 50; times += 1) await connect(connectEvent(admitted));
    const replays = logged.lines.filter(({ message }) => message === 'handshake refused');
    expect(replays).toHaveLength(49);
    for (const { fields } of replays) expect(fields).toMatchObject({ reason: 'used-ticket', connectionId });
  });

  it('accepts one of several simultaneous handshakes with the same ticket', async () => {
    const { registry, connect } = ticketScene();
    const answers = await Promise.all([1, 2, 3].map(() => connect(connectEvent(admitted))));
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 403, 403]);
    expect(registry.rows).toHaveLength(1);
  });

  it('writes nothing when the ticket cannot be marked as used', async () => {
    const { registry, claims, connect } = ticketScene();
    failNext(claims, 'claim');
    await expect(connect(connectEvent(admitted))).rejects.toThrow('the network is down');
    expect(registry.rows).toEqual([]);
  });

  it('loses one ticket when it fails before the row is written: the next one works', async () => {
    const { registry, connect } = ticketScene();
    failNext(registry, 'add');
    await expect(connect(connectEvent(admitted))).rejects.toThrow('the network is down');
    expect(await connect(connectEvent(admitted))).toEqual({ statusCode: 403 });
    expect(await connect(connectEvent({ ...admitted, jti: 'c'.repeat(32) }))).toEqual({ statusCode: 200 });
  });

  it('rejects a handshake without a ticket, and one with a ticket in a mode without tickets', async () => {
    const { registry, connect } = ticketScene();
    expect(await connect(connectEvent())).toEqual({ statusCode: 403 });
    expect(await scene().connect(connectEvent(admitted))).toEqual({ statusCode: 403 });
    expect(registry.rows).toEqual([]);
  });
});

it('answers a page that sent its ticket as a sub-protocol with our sub-protocol, never with the ticket', async () => {
  const { registry, revocations, starter, clock, logged } = scene();
  const connect = createConnect({
    registry,
    revocations,
    subprotocol: 'session-socket',
    limit,
    handshakes,
    watchEnd,
    starter,
    clock,
    log: logged.log,
  });
  expect(await connect(connectEvent())).toEqual({
    statusCode: 200,
    headers: { 'Sec-WebSocket-Protocol': 'session-socket' },
  });
});

it.each([
  ['within the time of the next run', endsSoonMs / 1000 - 1, true],
  ['later', endsSoonMs / 1000 + 1, false],
])('starts a close at the end of a session that ends %s', async (_, seconds, isStarted) => {
  const { clock, started, connect } = scene();
  const at = Math.floor(clock.now() / 1000) + seconds;
  const session = { principalId: 'user:42', sessionHash: 'x', authorizedAt: '1', sessionExpiresAt: String(at) };
  await connect(connectEvent(session));
  const waiting = { endsAt: Math.ceil((at + 1) / 10) * 10 };
  expect(started).toEqual([{ welcome: connection }, ...(isStarted ? [waiting] : []), 'tick']);
});

it('stores the end of the session', async () => {
  const { registry, connect } = scene();
  await connect(
    connectEvent({ principalId: 'user:42', sessionHash: 'x', authorizedAt: '1', sessionExpiresAt: '1900000000' }),
  );
  expect(registry.rows).toMatchObject([{ sessionExpiresAt: 1900000000 }]);
});

// With a waiting Lambda for each handshake, one user could occupy the account's whole concurrency.
it('starts one function for all sessions that end within ten seconds and before the next run', async () => {
  const { clock, started, connect } = scene();
  const nowSeconds = Math.floor(clock.now() / 1000);
  for (let n = 0; n < 3; n += 1) {
    const session = { principalId: `user:${n}`, sessionHash: 'x', authorizedAt: '1' };
    for (const end of [21, 22, 25, 29, 200])
      await connect(connectEvent({ ...session, sessionExpiresAt: String(nowSeconds + end) }));
  }
  expect(started.filter((job) => typeof job === 'object' && 'endsAt' in job)).toEqual([{ endsAt: nowSeconds + 30 }]);
});

describe('with repeated session checks', () => {
  const sealed = { principalId: 'user:42', sessionHash: 'a'.repeat(64), authorizedAt: '1', sessionSeal: 'r1.x' };

  async function rowOf(context: object, revalidateSeconds?: number) {
    const { registry, revocations, starter, clock, logged } = scene();
    const connect = createConnect({
      registry,
      revocations,
      limit,
      handshakes,
      watchEnd,
      starter,
      clock,
      log: logged.log,
      revalidateSeconds,
    });
    await connect(connectEvent(context));
    return { row: registry.rows[0], nowSeconds: Math.floor(clock.now() / 1000) };
  }

  it('stores the sealed question and the time of the check, never after the session’s end', async () => {
    const { row, nowSeconds } = await rowOf(sealed, 600);
    expect(row?.sessionSeal).toBe('r1.x');
    expect(row?.validUntil).toBeGreaterThan(nowSeconds);
    expect(row?.validUntil).toBeLessThanOrEqual(nowSeconds + 631);
    const ending = await rowOf({ ...sealed, sessionExpiresAt: String(nowSeconds + 20) }, 600);
    expect(ending.row?.validUntil).toBe(nowSeconds + 20);
  });

  it('stores neither without repeated checks', async () => {
    const { sessionSeal: _, ...plain } = sealed;
    for (const { row } of [await rowOf(plain), await rowOf(plain, 600)]) {
      expect(row).not.toHaveProperty('sessionSeal');
      expect(row).not.toHaveProperty('validUntil');
    }
  });
});

describe('a new session id while the socket opens with the old one', () => {
  const shared = deriveCredentials({ appId: 'app', key: 'key', secret: 'open sesame' });
  const before = hashSessionId(shared, 'before');

  // Both orders: the rebind finds the handshake's row, or runs before the row exists.
  it.each([
    ['before its row is written', justBefore],
    ['between its row and the look at revocations', justAfter],
  ])('%s rejects the handshake, and leaves no connection with the old id', async (_, at) => {
    const { clock, registry, revocations, logged, connect } = scene();
    const leaveChannel = async () => true;
    const leave = createLeave(registry, leaveChannel);
    const sender = new FakeSockets(clock);
    const rebind = createRebind({
      registry,
      live: registry,
      revocations,
      claims: new MemoryClaims(clock),
      credentials: async () => shared,
      closeConnections: createCloseConnections({ registry, sender, leaveChannel, leave, clock }),
      revalidateSeconds: undefined,
      newIv: () => randomBytes(12),
      clock,
    });
    const seconds = Math.floor(clock.now() / 1000);
    const ticket = sealTicket(shared, contents(seconds, { c: 'SID=after', s: 'after', i: { userId: '42' } }));
    at(registry, 'add', () => rebind({ sessionHash: before, userId: '42', ticket }, clock.now() + 20_000));
    const handshake = { principalId: 'user:42', sessionHash: before, authorizedAt: String(seconds * 1000) };
    expect(await connect(connectEvent(handshake))).toEqual({ statusCode: 403 });
    expect(registry.rows).toEqual([]);
    expect(logged.count('Connected')).toBe(0);
  });
});

describe('a logout while the socket opens', () => {
  const authorizedAt = 1_790_000_000_000;
  const event = () =>
    connectEvent({ principalId: 'user:42', sessionHash: 'a'.repeat(64), authorizedAt: String(authorizedAt) });

  /** Both orders: the logout looks for connections and finds none, or it finds the row. */
  const orders = {
    'before the row is written': justBefore,
    'between the row and the look at revocations': justAfter,
  };
  const names = ['user:42', `session:${'a'.repeat(64)}`];
  const cases = Object.entries(orders).flatMap(([when, at]) => names.map((name) => ({ when, at, name })));

  it.each(cases)('$when, of $name, rejects the handshake', async ({ at, name }) => {
    const { clock, registry, revocations, started, logged, connect } = scene();
    await clock.advance(authorizedAt + 1000 - clock.now());
    const other = await registry.seat('other');
    at(registry, 'add', () => revocations.add(name, authorizedAt + 1));
    expect(await connect(event())).toEqual({ statusCode: 403 });
    expect(registry.rows.map(({ connectionId: id }) => id)).toEqual([other.connectionId]);
    expect(started).toEqual([]);
    expect(logged.lines).toMatchObject([{ message: 'handshake refused', fields: { reason: 'revoked' } }]);
    expect(logged.count('Connected')).toBe(0);
  });

  it('does not affect later handshakes, or another user or session', async () => {
    const { registry, revocations, connect } = scene();
    await revocations.add('user:42', authorizedAt - 1);
    await revocations.add('user:43', authorizedAt + 1);
    await revocations.add(`session:${'b'.repeat(64)}`, authorizedAt + 1);
    expect(await connect(event())).toEqual({ statusCode: 200 });
    expect(registry.rows).toHaveLength(1);
  });

  it('fails the handshake and removes the row when revocations cannot be read', async () => {
    const { registry, revocations, started, connect } = scene();
    failNext(revocations, 'isRevokedSince');
    await expect(connect(event())).rejects.toThrow('the network is down');
    expect(registry.rows).toEqual([]);
    expect(started).toEqual([]);
  });
});

describe('the handshakes of a user who opens too many connections in a minute', () => {
  const minute = 60_000;
  const ofTicket = (n: number) => ({
    principalId: 'user:42',
    sessionHash: 'a'.repeat(64),
    authorizedAt: '1731332735000',
    jti: n.toString(16).padStart(32, '0'),
  });

  function hurryScene() {
    const the = scene();
    const { registry, revocations, starter, clock, logged } = the;
    const claims = new MemoryClaims(clock);
    const meter = createMeter(
      { name: 'handshakes', milliseconds: minute, most: mostWithin(4), step: 1 },
      new MemoryCounters(),
    );
    const many: ConnectionLimit = { maxConnections: 100, atMaxConnections: 'refuse' };
    const parts = { registry, revocations, claims, limit: many, handshakes: meter, watchEnd, starter, clock };
    const connect = createConnect({ ...parts, log: logged.log });
    const hurry = async () => {
      for (let n = 0; n < 5; n += 1) expect(await connect(connectEvent(ofTicket(n)))).toEqual({ statusCode: 200 });
    };
    return { ...the, connect, hurry };
  }

  it('are rejected before anything is read or written, with a reason that says to back off', async () => {
    const { registry, revocations, started, logged, connect, hurry } = hurryScene();
    await hurry();
    started.length = 0;
    for (const [port, method] of [
      [registry, 'add'],
      [revocations, 'isRevokedSince'],
    ] as const)
      failNext(port, method as never);
    expect(await connect(connectEvent(ofTicket(5)))).toEqual({ statusCode: 403 });
    expect(started).toEqual([]);
    expect(explainEnding('too-many-handshakes').code).toBe(4100);
    expect(logged.lines.at(-1)).toMatchObject({
      message: 'handshake refused',
      fields: { reason: 'too-many-handshakes', principalId: 'user:42' },
      counts: { HandshakeRefused: 1 },
    });
  });

  it('are accepted again after a minute, and other users’ all the time', async () => {
    const { clock, connect, hurry } = hurryScene();
    await hurry();
    const other = { ...ofTicket(5), principalId: 'user:43' };
    expect(await connect(connectEvent(other))).toEqual({ statusCode: 200 });
    await clock.advance(1.1 * minute);
    expect(await connect(connectEvent(ofTicket(6)))).toEqual({ statusCode: 200 });
  });

  // Otherwise a stolen ticket could lock its user out.
  it('do not count if their ticket was already used', async () => {
    const { connect } = hurryScene();
    for (let n = 0; n < 100; n += 1) await connect(connectEvent(ofTicket(0)));
    expect(await connect(connectEvent(ofTicket(1)))).toEqual({ statusCode: 200 });
  });
});

describe('the limit of connections of a principal', () => {
  const another = (id: string) => {
    const event = connectEvent();
    return { ...event, requestContext: { ...event.requestContext, connectionId: id } };
  };

  /** One world, in which each handshake is a Lambda of its own. */
  function crowdScene(changes: Partial<ConnectionLimit> = {}) {
    const the = scene();
    const { registry, revocations, starter, started, clock, logged } = the;
    const connect = createConnect({
      registry,
      revocations,
      limit: { ...limit, ...changes },
      handshakes,
      watchEnd,
      starter,
      clock,
      log: logged.log,
    });
    const seats = (...ids: string[]) =>
      Promise.all(
        ids.map((id, n) => registry.seat(id, { principalId: 'user:42', connectedAt: clock.now() - 1000 + n })),
      );
    const ids = () => registry.rows.map(({ connectionId: id }) => id).sort();
    const putOut = () =>
      started.flatMap((job) => (job !== 'tick' && 'putOut' in job ? job.putOut.map(({ connectionId: id }) => id) : []));
    return { ...the, connect, seats, ids, putOut };
  }

  it('rejects one more connection, and removes its row', async () => {
    const { started, logged, connect, seats, ids } = crowdScene();
    await seats('a', 'b');
    expect(await connect(another('c'))).toEqual({ statusCode: 200 });
    started.length = 0;
    expect(await connect(another('d'))).toEqual({ statusCode: 403 });
    expect(ids()).toEqual(['a', 'b', 'c']);
    expect(started).toEqual([]);
    expect(logged.lines.at(-1)).toMatchObject({
      message: 'handshake refused',
      fields: { reason: 'too-many-connections', principalId: 'user:42' },
      counts: { HandshakeRefused: 1 },
    });
  });

  it('is separate for each principal', async () => {
    const { registry, connect, seats } = crowdScene();
    await seats('a', 'b');
    for (const id of ['x', 'y', 'z']) await registry.seat(id, { principalId: 'user:4' });
    expect(await connect(another('c'))).toEqual({ statusCode: 200 });
  });

  it('counts by session when PHP returns no user', async () => {
    const { registry, connect } = crowdScene({ maxConnections: 1 });
    const ofSession = { principalId: 'session:abc', sessionHash: 'abc', authorizedAt: '1731332735000' };
    await registry.seat('a', { principalId: 'session:abc' });
    expect(await connect(connectEvent(ofSession))).toEqual({ statusCode: 403 });
  });

  it('does not count rows that are expired, revoked, or without their welcome for too long', async () => {
    const { clock, registry, connect, ids } = crowdScene({ maxConnections: 1 });
    const principalId = 'user:42';
    await registry.seat('expired', { principalId, connectedAt: clock.now() - connectionLifetime * 1000 });
    await registry.seat('never-opened', { principalId, welcomed: false, connectedAt: clock.now() - 30_000 });
    await registry.revoke(await registry.seat('revoked', { principalId }), clock.now());
    expect(await connect(another('a'))).toEqual({ statusCode: 200 });
    expect(ids()).toContain('a');
  });

  it('counts a connection that has not got its welcome yet', async () => {
    const { clock, registry, connect } = crowdScene({ maxConnections: 1 });
    await registry.seat('opening', { principalId: 'user:42', welcomed: false, connectedAt: clock.now() - 29_999 });
    expect(await connect(another('a'))).toEqual({ statusCode: 403 });
  });

  it.each(['refuse', 'oldest-out'] as const)(
    'never keeps more than that of those who come at once: %s',
    async (how) => {
      const { registry, connect, seats, ids, putOut } = crowdScene({ atMaxConnections: how });
      await seats('a', 'b');
      // Each has written its row before any of them looks.
      justAfter(registry, 'add', () => connect(another('d')));
      const answer = await connect(another('c'));
      const remaining = ids().filter((id) => !putOut().includes(id));
      expect(remaining.length).toBeLessThanOrEqual(3);
      expect(remaining).toEqual(how === 'refuse' ? ['a', 'b', 'c'] : ['b', 'c', 'd']);
      expect(answer).toEqual({ statusCode: 200 });
    },
  );

  it('under oldest-out closes the oldest connection and accepts the new one', async () => {
    const { started, logged, connect, seats, ids, putOut } = crowdScene({ atMaxConnections: 'oldest-out' });
    await seats('a', 'b', 'c');
    expect(await connect(another('d'))).toEqual({ statusCode: 200 });
    expect(putOut()).toEqual(['a']);
    expect(started.at(-2)).toEqual({ welcome: { principalId: 'user:42', connectionId: 'd' } });
    // `deliver` closes it later.
    expect(ids()).toEqual(['a', 'b', 'c', 'd']);
    expect(logged.count('Connected')).toBe(1);
  });

  // Its clock may be behind, or its row late. If it closed the newer one, the two could close each other.
  it('rejects the new connection when it is the oldest, and closes no other', async () => {
    const { clock, registry, connect, ids, putOut } = crowdScene({ maxConnections: 1, atMaxConnections: 'oldest-out' });
    await registry.seat('newer', { principalId: 'user:42', connectedAt: clock.now() + 5 });
    expect(await connect(another('a'))).toEqual({ statusCode: 403 });
    expect(putOut()).toEqual([]);
    expect(ids()).toEqual(['newer']);
  });

  it('fails the handshake and removes the row when connections cannot be counted or closed', async () => {
    const { registry, starter, connect, seats, ids } = crowdScene({ atMaxConnections: 'oldest-out' });
    await seats('a', 'b', 'c');
    failNext(starter, 'deliver');
    await expect(connect(another('d'))).rejects.toThrow('the network is down');
    registry.openOf = () => {
      throw new Error('the table is down');
    };
    await expect(connect(another('e'))).rejects.toThrow('the table is down');
    expect(ids()).toEqual(['a', 'b', 'c']);
  });
});
