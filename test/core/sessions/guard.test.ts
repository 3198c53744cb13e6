import { describe, expect, it } from 'vitest';
import { SessionCheckFailed } from '../../../functions/core/handshake/session.ts';
import { refuse } from '../../../functions/core/refusal.ts';
import { type Check, judgeRun } from '../../../functions/core/sessions/guard.ts';
import { emptyGuardState } from '../../../functions/core/sessions/guard-memory.ts';
import { nextCheck } from '../../../functions/core/sessions/live-sessions.ts';
import type { RevalidateReport } from '../../../functions/core/sessions/revalidate.ts';
import { failNext } from '../../fakes/order.ts';
import { down, interval, scene, userOf } from './revalidate-scene.ts';

const no = refuse('not-logged-in');
const firewall = new SessionCheckFailed('unavailable', 'a firewall answered 403', { inFront: true });
const distrust = new SessionCheckFailed('misconfigured', 'it answered 421');
const timeout = new SessionCheckFailed('unavailable', 'it did not answer in time');

/** Users with one socket each, checks spread over the interval, and one run a minute. */
async function crowd(size: number) {
  const the = scene();
  const { clock, enter, sender } = the;
  for (let n = 0; n < size; n += 1) await settle(`s${n}`);

  /** A session and its sockets, due at the time that a handshake now would set. */
  async function settle(sessionId: string, { user = userOf(sessionId), sockets = [sessionId] } = {}) {
    const sessionHash = await enter(sessionId, [], { user });
    await enter(sessionId, sockets, { user }, nextCheck({ sessionHash }, interval, clock.now()));
  }

  async function minutes(count: number, random = Math.random): Promise<RevalidateReport[]> {
    const reports: RevalidateReport[] = [];
    for (let minute = 0; minute < count; minute += 1) {
      const begin = clock.now();
      reports.push(await the.run({ random }));
      await clock.advance(begin + 60_000 - clock.now());
    }
    return reports;
  }
  const open = () => Array.from({ length: size }, (_, n) => `s${n}`).filter((id) => sender.isOpen(id)).length;
  return { ...the, settle, minutes, open };
}

const other = (count: number) => Array.from({ length: count }, (_, n) => `s${n}`);
const sum = (reports: readonly RevalidateReport[], count: 'lost' | 'asked' | 'unanswered') =>
  reports.reduce((total, report) => total + report[count], 0);
const isHeld = ({ held }: RevalidateReport) => held !== undefined;

// PHP loses all its sessions: Redis was restarted, or a deployment has another session.name. Of 60 users only six are
// due in a minute, so no single run sees enough of them to notice.
describe('while PHP suddenly says no about all users', () => {
  it.each([
    [60, 4],
    [600, 0],
  ])('of %d users at most %d are closed, and none once the guard holds', async (size, most) => {
    const { php, minutes, open } = await crowd(size);
    expect(sum(await minutes(12), 'asked')).toBeGreaterThanOrEqual(size);
    php.down = no;
    const reports = await minutes(11);
    const known = reports.findIndex(isHeld);
    expect(known).toBeLessThan(6);
    expect(reports.slice(known).every(isHeld)).toBe(true);
    expect(reports.slice(known).every(({ closing }) => closing.closed === 0)).toBe(true);
    expect(size - open()).toBeLessThanOrEqual(most);
    expect(reports.at(-1)?.held).toMatchObject({ lost: expect.any(Number), users: expect.any(Number) });
  });

  it.each([60, 600])('fewer than 20 of %d users are closed if there was no earlier run', async (size) => {
    const { php, minutes, open } = await crowd(size);
    php.down = no;
    await minutes(11);
    expect(size - open()).toBeLessThan(20);
  });

  // An interval that began with the first minute of the outage would lose the counts of the interval before.
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9])(
    'the guard holds wherever the outage begins in the interval (%d minutes)',
    async (at) => {
      const { php, minutes, open } = await crowd(60);
      await minutes(10 + at);
      php.down = no;
      await minutes(30);
      expect(open()).toBeGreaterThan(40);
    },
  );

  it('lost users are checked every minute, and stay if PHP knows them again', async () => {
    const { php, minutes, open } = await crowd(600);
    php.down = no;
    await minutes(15);
    php.down = undefined;
    const [first, ...others] = await minutes(12);
    expect(first).toMatchObject({ asked: 600, lost: 0, held: undefined });
    expect(others.some(isHeld)).toBe(false);
    expect(open()).toBe(600);
  });

  it('users that PHP knows again stay, and the others are closed at the end', async () => {
    const { php, answers, minutes, open } = await crowd(60);
    await minutes(11);
    php.down = no;
    await minutes(11);
    const before = open();
    php.down = undefined;
    for (let n = 0; n < 60; n += 6) answers.set(`s${n}`, no);
    const reports = await minutes(11);
    expect(reports.some(isHeld)).toBe(false);
    expect(open()).toBeGreaterThanOrEqual(before - 10);
    for (let n = 0; n < 60; n += 6) answers.delete(`s${n}`);
    expect(open()).toBeLessThanOrEqual(50);
  });

  // All users log in again, but old tabs stay open. PHP says no to these each minute, and yes to the new session once
  // in ten.
  it('users with a new session end the hold, and then their old sockets are closed', async () => {
    const { php, answers, settle, minutes, open } = await crowd(60);
    php.down = no;
    await minutes(11);
    const left = open();
    php.down = undefined;
    for (let n = 0; n < 60; n += 1) {
      answers.set(`s${n}`, no);
      answers.set(`new${n}`, { sessionId: `new${n}`, userId: userOf(`s${n}`) });
      await settle(`new${n}`, { user: userOf(`s${n}`) });
    }
    const reports = await minutes(12);
    const ended = reports.findIndex((report) => !isHeld(report));
    expect(ended).toBeGreaterThan(0);
    expect(reports.slice(ended).some(isHeld)).toBe(false);
    expect(reports[ended]?.closing.closed).toBe(left);
  });

  it.each([
    ['is down', down],
    ['does not trust the gateway', distrust],
  ])('the hold continues while PHP %s for longer than the interval', async (_, fault) => {
    const { php, minutes, open } = await crowd(60);
    php.down = no;
    await minutes(11);
    const before = open();
    php.down = fault;
    expect((await minutes(25)).every(isHeld)).toBe(true);
    php.down = no;
    expect((await minutes(11)).every(isHeld)).toBe(true);
    expect(open()).toBe(before);
  });

  it('after an operator’s release, lost users are closed and the others stay', async () => {
    const { answers, clock, guard, minutes, open } = await crowd(600);
    await minutes(12);
    for (const id of other(560)) answers.set(id, no);
    expect((await minutes(3)).every(isHeld)).toBe(true);
    expect(open()).toBe(600);
    await guard.release(Math.floor(clock.now() / 1000) + interval);
    const [first, ...others] = await minutes(25);
    expect(first?.closing.closed).toBeGreaterThan(150);
    expect(others.some(isHeld)).toBe(false);
    expect(open()).toBe(40);
  });

  it('the guard is on again after the release', async () => {
    const { php, clock, guard, settle, minutes } = await crowd(60);
    php.down = no;
    await minutes(11);
    await guard.release(Math.floor(clock.now() / 1000) + interval);
    await minutes(11);
    php.down = undefined;
    for (let n = 0; n < 60; n += 1) await settle(`s${n}`);
    await minutes(11);
    php.down = no;
    expect((await minutes(11)).some(isHeld)).toBe(true);
  });

  it('the hold ends once too few users are left, because sockets have closed by themselves', async () => {
    const { php, registry, minutes, open } = await crowd(60);
    php.down = no;
    await minutes(11);
    for (const row of registry.rows.slice(15)) await registry.leave(row);
    const reports = await minutes(12);
    expect(reports.at(-1)?.held).toBeUndefined();
    expect(sum(reports.slice(-2), 'lost')).toBeLessThanOrEqual(15);
    expect(registry.rows).toHaveLength(0);
    expect(open()).toBeGreaterThan(0);
  });

  it('no socket is closed if the guard cannot store its state', async () => {
    const { php, guard, sender, run, settle, clock } = await crowd(0);
    await settle('a');
    await clock.advance(660_000);
    php.down = no;
    failNext(guard, 'write');
    await expect(run()).rejects.toThrow('the network is down');
    expect(sender.isOpen('a')).toBe(true);
    await run();
    expect(sender.isOpen('a')).toBe(false);
  });
});

// A class of seven logs out together, in a minute with few other checks.
describe('while most of a few users are lost', () => {
  it('they stay a minute until there are answers about others, and are closed without an alarm', async () => {
    const { answers, enter, minutes, sender } = await crowd(60);
    await minutes(12);
    const gone = Array.from({ length: 7 }, (_, n) => `gone${n}`);
    for (const id of gone) {
      answers.set(id, no);
      await enter(id, [id]);
    }
    const reports = await minutes(5);
    const closing = reports.findIndex(({ closing }) => closing.closed === 7);
    expect(closing).toBeLessThanOrEqual(3);
    expect(reports.map(({ doubtful }) => doubtful)).toEqual(reports.map((_, minute) => minute < closing));
    expect(reports.some(isHeld)).toBe(false);
    expect(gone.some((id) => sender.isOpen(id))).toBe(false);
  });

  // If each minute counted, they would be eleven of twenty in the second one.
  it('they count once while they stay', () => {
    const run = (minute: number, lost: number, known: readonly [number, number]) => ({
      minute,
      window: 10,
      checks: Array.from({ length: known[1] }, (_, n): Check => {
        const hash = n.toString(16).padStart(8, '0');
        return { user: hash, session: hash, outcome: n < lost ? 'lost' : n < known[0] ? 'none' : 'known' };
      }),
    });
    const calm = judgeRun(emptyGuardState(Buffer.from('salt')), run(100, 0, [20, 60]));
    const first = judgeRun(calm.state, run(101, 11, [60, 68]));
    expect(first).toMatchObject({ doubtful: true, held: undefined });
    const second = judgeRun(first.state, run(102, 11, [68, 77]));
    expect(second).toMatchObject({ doubtful: false, held: undefined });
  });

  it('they are closed at once if there are fewer than 20 users', async () => {
    const { answers, enter, run } = await crowd(12);
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) {
      answers.set(id, no);
      await enter(id, [id]);
    }
    expect(await run()).toMatchObject({ doubtful: false, closing: { closed: 7 } });
  });
});

describe('one user', () => {
  it('with 50 lost sessions is closed, because each user counts once', async () => {
    const { answers, settle, minutes, sender, open } = await crowd(25);
    for (let n = 0; n < 50; n += 1) {
      answers.set(`own${n}`, no);
      await settle(`own${n}`, { user: 'the one' });
    }
    const reports = await minutes(12);
    expect(reports.some(isHeld)).toBe(false);
    expect(Array.from({ length: 50 }, (_, n) => sender.isOpen(`own${n}`))).not.toContain(true);
    expect(open()).toBe(25);
  });

  it('with 50 lost sessions does not prolong the hold once PHP knows the others again', async () => {
    const { php, answers, settle, minutes, sender } = await crowd(25);
    for (let n = 0; n < 50; n += 1) await settle(`own${n}`, { user: 'the one' });
    await minutes(11);
    php.down = no;
    expect((await minutes(11)).some(isHeld)).toBe(true);
    php.down = undefined;
    for (let n = 0; n < 50; n += 1) answers.set(`own${n}`, no);
    const reports = await minutes(3);
    expect(reports.map(isHeld)).toEqual([false, false, false]);
    expect(Array.from({ length: 50 }, (_, n) => sender.isOpen(`own${n}`))).not.toContain(true);
  });

  it('with 50 unanswered sessions does not end a run for the others', async () => {
    const { answers, enter, asked, run } = scene();
    for (let n = 0; n < 50; n += 1) {
      answers.set(`own${n}`, timeout);
      await enter(`own${n}`, [`own${n}`], { user: 'the one' });
    }
    for (let n = 0; n < 30; n += 1) await enter(`s${n}`, [`s${n}`]);
    expect(await run()).toMatchObject({ asked: 30, failed: 50, late: 0 });
    expect(asked).toHaveLength(80);
  });

  // A proxy that changes this one cookie makes the signature wrong.
  it('with an answer of 421 ends a run for the others only the first time', async () => {
    const { answers, settle, minutes } = await crowd(0);
    answers.set('odd', distrust);
    await settle('odd');
    for (const id of other(60)) await settle(id);
    // It comes first each time.
    const reports = await minutes(30, () => 0);
    expect(reports.filter(({ late }) => late > 0).length).toBeLessThanOrEqual(1);
    expect(reports.some(({ isPhpSilent }) => isPhpSilent)).toBe(false);
  });
});

// A firewall with a challenge page answers every question instead of PHP.
it.each([60, 600])(
  'none of %d users is closed while a firewall answers 403 for eleven minutes, and there is one alarm',
  async (size) => {
    const { php, minutes, open } = await crowd(size);
    await minutes(11);
    php.down = firewall;
    const during = await minutes(11);
    expect(during.map(({ isPhpSilent }) => isPhpSilent)).toEqual([
      false,
      false,
      ...Array.from({ length: 9 }, () => true),
    ]);
    expect(during.some(isHeld)).toBe(false);
    php.down = undefined;
    const after = await minutes(11);
    expect(after.some(({ isPhpSilent, held }) => isPhpSilent || held !== undefined)).toBe(false);
    expect(open()).toBe(size);
  },
);

// A banned user keeps two slow requests running that hold the session's lock, so PHP cannot answer about it.
describe('a session without an answer from PHP', () => {
  it.each([60, 600])('is closed after five checks if PHP knows the other %d users, and may reconnect', async (size) => {
    const { answers, settle, minutes, codesOf, open } = await crowd(size);
    answers.set('banned', timeout);
    await settle('banned', { sockets: ['tab1', 'tab2'] });
    const reports = await minutes(25);
    expect(sum(reports, 'unanswered')).toBe(1);
    const checks = reports.filter(({ failed }) => failed > 0).length;
    // With 60 others, it takes a few more minutes until 20 were checked.
    expect(checks).toBeGreaterThanOrEqual(5);
    expect(checks).toBeLessThanOrEqual(size === 600 ? 5 : 9);
    expect([codesOf('tab1'), codesOf('tab2')]).toEqual([[4200], [4200]]);
    expect(open()).toBe(size);
  });

  it('stays open after a single yes within five checks', async () => {
    const { answers, enter, minutes, sender } = await crowd(600);
    await minutes(11);
    await enter('slow', ['slow']);
    answers.set('slow', timeout);
    await minutes(4);
    answers.delete('slow');
    await minutes(11);
    answers.set('slow', timeout);
    await minutes(4);
    answers.delete('slow');
    await minutes(11);
    expect(sender.isOpen('slow')).toBe(true);
  });

  it('stays open if fewer than 20 others are checked', async () => {
    const { answers, settle, minutes, sender } = await crowd(19);
    answers.set('slow', timeout);
    await settle('slow');
    await minutes(30);
    expect(sender.isOpen('slow')).toBe(true);
  });

  it('stays open if something in front of PHP answers', async () => {
    const { answers, settle, minutes, sender } = await crowd(60);
    answers.set('slow', firewall);
    await settle('slow');
    await minutes(30);
    expect(sender.isOpen('slow')).toBe(true);
  });

  it('stays open if the gateway itself has failed', async () => {
    const { registry, enter, minutes, sender } = await crowd(600);
    await minutes(11);
    await enter('slow', ['slow']);
    const find = registry.find.bind(registry);
    registry.find = async (connection) => {
      if (connection.connectionId === 'slow') throw new Error('the table is away');
      return find(connection);
    };
    await minutes(11);
    expect(sender.isOpen('slow')).toBe(true);
  });

  it('stays open if more than a tenth of the others get no answer or a no', async () => {
    const { answers, settle, minutes, sender, open } = await crowd(60);
    for (const id of other(7)) answers.set(id, timeout);
    answers.set('slow', timeout);
    await settle('slow');
    await minutes(30);
    expect(sender.isOpen('slow')).toBe(true);
    expect(open()).toBe(60);
  });

  it('is closed with those of four other banned users at the same time', async () => {
    const { answers, settle, minutes, sender } = await crowd(60);
    for (let n = 0; n < 5; n += 1) {
      answers.set(`banned${n}`, timeout);
      await settle(`banned${n}`);
    }
    await minutes(30);
    expect(Array.from({ length: 5 }, (_, n) => sender.isOpen(`banned${n}`))).not.toContain(true);
  });

  it('stays open while PHP says no about the others and the guard holds', async () => {
    const { answers, minutes, open } = await crowd(60);
    for (let n = 0; n < 60; n += 1) answers.set(`s${n}`, n === 0 ? timeout : no);
    const reports = await minutes(25);
    expect(reports.at(-1)?.held).toBeDefined();
    expect(sum(reports, 'unanswered')).toBe(0);
    expect(open()).toBeGreaterThan(40);
  });
});

describe('an outage of PHP', () => {
  // A recovering PHP is slow at first. Failures during the outage do not count against the last few users.
  it.each([1, 2, 4, 6, 11, 30])(
    'of %d minutes closes no socket, not even of the five users that PHP answers last',
    async (length) => {
      const { php, answers, minutes, open } = await crowd(60);
      await minutes(11);
      php.down = timeout;
      await minutes(length);
      php.down = undefined;
      for (const id of other(5)) answers.set(id, timeout);
      await minutes(4);
      answers.clear();
      await minutes(11);
      expect(open()).toBe(60);
    },
  );

  it('that fails every third question closes no socket', async () => {
    const { php, minutes, open } = await crowd(600);
    let asked = 0;
    await minutes(11);
    Object.defineProperty(php, 'down', {
      get() {
        asked += 1;
        return asked % 3 === 0 ? timeout : undefined;
      },
    });
    await minutes(60);
    expect(open()).toBe(600);
  });
});

// A row of DynamoDB has at most 400 KB.
describe('with 10,000 users, a thousand a minute', () => {
  /** Salted hashes, evenly distributed. */
  const hash = (n: number) => ((n * 2654435761) % 2 ** 32).toString(16).padStart(8, '0');

  function runs(
    count: number,
    isLost: (user: number) => boolean,
    before = emptyGuardState(Buffer.from('salt')),
    from = 100,
  ) {
    let [state, held] = [before, undefined as unknown];
    for (let minute = from; minute < from + count; minute += 1) {
      const checks = Array.from({ length: 1000 }, (_, n): Check => {
        const user = (minute % 10) * 1000 + n;
        return { user: hash(user), session: hash(user + 1), outcome: isLost(user) ? 'lost' : 'known' };
      });
      ({ state, held } = judgeRun(state, { minute, window: 10, checks }));
    }
    return { state, held };
  }

  it('the guard stores a sample of 1,000 to 2,000', () => {
    const { state } = runs(25, () => false);
    expect(state.users.size).toBeLessThanOrEqual(2000);
    expect(state.users.size).toBeGreaterThan(1000);
  });

  it.each([
    [4, false],
    [6, true],
  ])('when %d of 10 are lost, the guard holds: %s', (share, holds) => {
    const lost = (user: number) => user % 10 < share;
    expect(runs(25, lost).held !== undefined).toBe(holds);
  });

  it('the hold ends once PHP knows them again', () => {
    const { state, held } = runs(10, () => true);
    expect(held).toBeDefined();
    expect(runs(10, () => false, state, 110).held).toBeUndefined();
  });
});
