import { describe, expect, it } from 'vitest';
import { SessionCheckFailed } from '../../../functions/core/handshake/session.ts';
import { deriveCredentials } from '../../../functions/core/keys/credentials.ts';
import { refuse } from '../../../functions/core/refusal.ts';
import { failNext, justAfter, justBefore } from '../../fakes/order.ts';
import { down, interval, scene, userOf } from './revalidate-scene.ts';

describe('a session that PHP still knows', () => {
  it('stays open, and is due again within the interval', async () => {
    const { clock, sender, rowOf, enter, run, nowSeconds } = scene();
    await enter('a', ['tab']);
    expect(await run()).toMatchObject({ asked: 1, lost: 0, failed: 0, late: 0, closing: { closed: 0 } });
    expect(sender.isOpen('tab')).toBe(true);
    expect(rowOf('tab')?.validUntil).toBeGreaterThanOrEqual(nowSeconds() + 30);
    expect(rowOf('tab')?.validUntil).toBeLessThanOrEqual(nowSeconds() + 30 + interval);
    await clock.advance((30 + interval) * 1000);
    expect(await run()).toMatchObject({ asked: 1 });
  });

  it('is checked once for all its sockets, with the cookies and the user agent of its browser', async () => {
    const { asked, enter, run } = scene();
    await enter('a', ['tab1', 'tab2', 'tab3', 'tab4', 'tab5', 'tab6', 'tab7', 'tab8', 'tab9']);
    expect(await run()).toMatchObject({ asked: 1 });
    expect(asked).toMatchObject([{ question: { cookieHeader: 'SID=a', sessionId: 'a', userAgent: 'Firefox' } }]);
  });

  // A remember-me cookie, or a load balancer's, changes during the session. PHP may reject the old one.
  it('is checked with the cookies of its newest socket, in any order of rows', async () => {
    const { clock, asked, enter, run } = scene();
    // Found in the order of insertion.
    for (const [socket, minute] of [
      ['tab1', 2],
      ['tab2', 3],
      ['tab3', 1],
    ] as const) {
      const connectedAt = clock.now() + minute * 60_000;
      await enter('a', [socket], { cookieHeader: `SID=a; remember=${minute}`, connectedAt });
    }
    expect(await run()).toMatchObject({ asked: 1 });
    expect(asked).toMatchObject([{ question: { cookieHeader: 'SID=a; remember=3' } }]);
  });

  it('is not checked before it is due', async () => {
    const { asked, enter, run, nowSeconds } = scene();
    await enter('a', ['tab'], {}, nowSeconds() + 1);
    expect(await run()).toMatchObject({ asked: 0 });
    expect(asked).toEqual([]);
  });

  it.each([
    ['later', 3600],
    ['sooner', 60],
    ['at no time', undefined],
  ])('ends if PHP now answers: %s', async (_, inSeconds) => {
    const { answers, rowOf, enter, run, nowSeconds } = scene();
    await enter('a', ['tab'], { sessionExpiresAt: nowSeconds() + 90 });
    const expiresAt = inSeconds === undefined ? undefined : nowSeconds() + inSeconds;
    answers.set('a', { sessionId: 'a', userId: userOf('a'), expiresAt });
    await run();
    expect(rowOf('tab')?.sessionExpiresAt).toBe(expiresAt);
    expect(rowOf('tab')?.validUntil).toBeLessThanOrEqual(expiresAt ?? Number.POSITIVE_INFINITY);
  });

  it('without a user is its own principal', async () => {
    const { answers, sender, enter, run } = scene();
    await enter('a', ['tab'], { user: '' });
    answers.set('a', { sessionId: 'a' });
    expect(await run()).toMatchObject({ asked: 1, lost: 0 });
    expect(sender.isOpen('tab')).toBe(true);
  });
});

describe('a session that has ended', () => {
  it.each([
    ['PHP does not know it', refuse('not-logged-in'), 4009],
    ['PHP says that it has ended', { sessionId: 'a', userId: userOf('a'), expiresAt: 1 }, 4009],
    ['PHP knows it by another id', refuse('other-session'), 4200],
    ['PHP names another user', { sessionId: 'a', userId: '43' }, 4200],
    ['PHP names no user any more', { sessionId: 'a' }, 4200],
  ])('%s: all its sockets get the reason and close, and no others', async (_, answer, code) => {
    const { answers, sender, registry, enter, run, codesOf } = scene();
    await enter('a', ['tab1', 'tab2']);
    await enter('b', ['other']);
    answers.set('a', answer);
    expect(await run()).toMatchObject({ asked: 2, lost: 1, closing: { closed: 2, gone: 0, failed: 0 } });
    expect([codesOf('tab1'), codesOf('tab2'), codesOf('other')]).toEqual([[code], [code], []]);
    expect(sender.isOpen('other')).toBe(true);
    expect(registry.rows.map(({ connectionId }) => connectionId)).toEqual(['other']);
  });

  it('closes at the end that PHP named, and its client may reconnect', async () => {
    const { asked, enter, run, codesOf, nowSeconds } = scene();
    await enter('a', ['tab'], { sessionExpiresAt: nowSeconds() });
    expect(await run()).toMatchObject({ asked: 0, closing: { closed: 1 } });
    expect(codesOf('tab')).toEqual([4200]);
    expect(asked).toEqual([]);
  });

  it('closes at that end even if PHP is never asked, and no other session does', async () => {
    const { sender, enter, run, nowSeconds } = scene();
    await enter('a', ['tab'], { sessionExpiresAt: nowSeconds() });
    await enter('b', ['other']);
    expect(await run({ asks: false })).toMatchObject({ asked: 0, late: 0, closing: { closed: 1 } });
    expect([sender.isOpen('tab'), sender.isOpen('other')]).toEqual([false, true]);
  });

  it('is closed in the next run if its socket could not be closed', async () => {
    const { answers, sender, enter, run } = scene();
    await enter('a', ['tab']);
    answers.set('a', refuse('not-logged-in'));
    sender.break('tab');
    expect(await run()).toMatchObject({ closing: { closed: 0, failed: 1 } });
    sender.mend('tab');
    expect(await run()).toMatchObject({ closing: { closed: 1, failed: 0 } });
  });

  it('keeps sockets that have got its new id since PHP was asked', async () => {
    const { answers, sender, registry, enter, run, rowOf } = scene();
    const hash = await enter('a', ['tab']);
    answers.set('a', refuse('not-logged-in'));
    const row = rowOf('tab');
    if (row === undefined) throw new Error('It is not there.');
    justAfter(registry, 'find', () => registry.rebind(row, hash, { sessionHash: 'b'.repeat(64) }));
    expect(await run()).toMatchObject({ lost: 1, closing: { closed: 0 } });
    expect(sender.isOpen('tab')).toBe(true);
  });
});

describe('if PHP gives no clear answer', () => {
  it.each([
    ['PHP is down', down],
    ['PHP does not trust the gateway', new SessionCheckFailed('misconfigured', 'it answered 421')],
    ['something unexpected happens', new TypeError('no')],
  ])('because %s, all sockets stay open and are checked again in the next run', async (_, fault) => {
    const { php, sender, enter, run } = scene();
    await enter('a', ['tab']);
    php.down = fault;
    expect(await run()).toMatchObject({ asked: 0, failed: 1, closing: { closed: 0 } });
    expect(sender.isOpen('tab')).toBe(true);
    php.down = undefined;
    expect(await run()).toMatchObject({ asked: 1, failed: 0 });
  });

  it('because the seal has an old secret, all sockets stay open and PHP is not asked', async () => {
    const { asked, sender, enter, run } = scene();
    await enter('a', ['tab'], { sealedBy: deriveCredentials({ appId: 'app', key: 'key', secret: 'lost' }) });
    expect(await run()).toMatchObject({ asked: 0, failed: 1, failures: [{ outcome: 'unreadable' }] });
    expect([asked, sender.isOpen('tab')]).toEqual([[], true]);
  });

  it('because the table fails for one session, the others are still checked', async () => {
    const { registry, enter, run } = scene();
    await enter('a', ['tab1']);
    await enter('b', ['tab2']);
    failNext(registry, 'find');
    expect(await run()).toMatchObject({ asked: 1, failed: 1 });
  });

  it('PHP gets ten questions and no more while it is down', async () => {
    const { php, asked, enter, run } = scene();
    for (let n = 0; n < 50; n += 1) await enter(`s${n}`, [`tab${n}`]);
    php.down = down;
    const report = await run();
    expect(asked.length).toBeGreaterThanOrEqual(10);
    expect(asked.length).toBeLessThan(14);
    expect(report.failures).toMatchObject([{ outcome: 'unavailable', reason: 'it answered 503' }]);
    expect(report.failed + report.late).toBe(50);
  });

  it('PHP gets one question if it does not trust the gateway, because one line in its log is enough', async () => {
    const { php, asked, enter, run } = scene();
    for (let n = 0; n < 50; n += 1) await enter(`s${n}`, [`tab${n}`]);
    php.down = new SessionCheckFailed('misconfigured', 'it answered 421');
    expect(await run()).toMatchObject({ failed: 1, late: 49 });
    expect(asked).toHaveLength(1);
  });

  it('a few sessions that always fail do not always come first', async () => {
    const { answers, sender, enter, run } = scene();
    for (let n = 0; n < 20; n += 1) {
      await enter(`bad${n}`, [`bad${n}`]);
      answers.set(`bad${n}`, down);
    }
    for (let n = 0; n < 100; n += 1) await enter(`good${n}`, [`good${n}`]);
    answers.set('good50', refuse('not-logged-in'));
    for (let minute = 0; minute < 20 && sender.isOpen('good50'); minute += 1) await run();
    expect(sender.isOpen('good50')).toBe(false);
  });
});

describe('too many lost users at once', () => {
  async function crowd(size: number, lost: number) {
    const the = scene();
    for (let n = 0; n < size; n += 1) {
      await the.enter(`s${n}`, [`tab${n}`]);
      if (n < lost) the.answers.set(`s${n}`, refuse('not-logged-in'));
    }
    return { ...the, report: await the.run() };
  }

  it.each([
    [20, 11],
    [100, 100],
  ])('close no socket: of %d sessions, %d are lost', async (size, lost) => {
    const { report, sender } = await crowd(size, lost);
    expect(report).toMatchObject({ asked: size, lost, held: { lost, users: size }, closing: { closed: 0 } });
    expect(sender.isOpen('tab0')).toBe(true);
  });

  it.each([
    [20, 10],
    [19, 19],
  ])('are not assumed if, of %d sessions, %d are lost: they are closed', async (size, lost) => {
    expect((await crowd(size, lost)).report).toMatchObject({ lost, held: undefined, closing: { closed: lost } });
  });

  it('are checked again a minute later, and stay if PHP has recovered', async () => {
    const { answers, run, sender } = await crowd(30, 30);
    answers.clear();
    expect(await run()).toMatchObject({ asked: 30, lost: 0, held: undefined });
    expect(sender.isOpen('tab0')).toBe(true);
  });

  it('do not stop sessions from closing at the end that PHP named', async () => {
    const { enter, run, sender, nowSeconds } = await crowd(30, 30);
    await enter('over', ['over'], { sessionExpiresAt: nowSeconds() });
    expect(await run()).toMatchObject({ held: { lost: 30 }, closing: { closed: 1 } });
    expect(sender.isOpen('over')).toBe(false);
  });
});

it('a run asks at most four questions at once and stops in time, and the next run continues', async () => {
  const { php, enter, run } = scene();
  for (let n = 0; n < 100; n += 1) await enter(`s${n}`, [`tab${n}`]);
  php.takesMs = 2000;
  const report = await run();
  expect(php.most).toBe(4);
  expect(report.asked).toBeGreaterThan(40);
  expect(report.asked + report.late).toBe(100);
  expect(await run()).toMatchObject({ asked: report.late });
});

describe('while PHP is down for ten minutes, with 500 sockets', () => {
  it("none is closed before its session's end, and none is open after it", async () => {
    const { clock, php, sender, registry, enter, run, nowSeconds } = scene();
    const start = nowSeconds();
    for (let n = 0; n < 500; n += 1) {
      // Every fifth session ends within those ten minutes.
      const end = n % 5 === 0 ? { sessionExpiresAt: start + 60 + n } : {};
      await enter(`s${n}`, [`tab${n}`], end, Math.min(start + n, start + 60 + n));
    }
    php.down = down;
    for (let minute = 0; minute < 10; minute += 1) {
      await run();
      for (let n = 0; n < 500; n += 1) {
        const isOver = n % 5 === 0 && start + 60 + n <= nowSeconds();
        if (sender.isOpen(`tab${n}`) === isOver) throw new Error(`tab${n} at minute ${minute}`);
      }
      await clock.advance(start * 1000 + (minute + 1) * 60_000 - clock.now());
    }
    php.down = undefined;
    await run();
    expect(registry.rows.every(({ sessionExpiresAt }) => sessionExpiresAt === undefined)).toBe(true);
    expect(registry.rows).toHaveLength(400);
  });
});

describe('a socket of 0.1.0 whose session was revoked while its owners were written', () => {
  async function revoked() {
    const the = scene();
    const before = await the.enter('before', ['tab'], { user: 'ada' }, the.nowSeconds() + interval);
    const tab = { principalId: 'user:ada', connectionId: 'tab' };
    the.registry.makeOld(tab);
    await the.clock.advance(10);
    const revoke = () => the.revocations.add(`session:${before}`, the.clock.now());
    const rebind = () => the.registry.rebind(tab, before, { sessionHash: 'b'.repeat(64) });
    return { ...the, revoke, rebind };
  }

  it('is closed', async () => {
    const { registry, sender, revoke, run } = await revoked();
    justBefore(registry, 'own', revoke);
    expect(await run()).toMatchObject({ closing: { closed: 1 } });
    expect(sender.isOpen('tab')).toBe(false);
  });

  // A rebind revokes the old id.
  it('stays open if it has a new id by then', async () => {
    const { registry, sender, revoke, rebind, run } = await revoked();
    justBefore(registry, 'own', async () => {
      await revoke();
      await rebind();
    });
    expect(await run()).toMatchObject({ closing: { found: 0 } });
    expect(sender.isOpen('tab')).toBe(true);
  });
});
