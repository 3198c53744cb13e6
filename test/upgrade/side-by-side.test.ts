import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Entry, entries } from '../../lib/bundle.ts';
import { type Listener, type Publishing, startPublishing } from '../gateway/publishing.ts';
import { needs } from '../needs.ts';
import { anyPhp } from '../php/php-kinds.ts';
import { callInside, startTicketApp, type TicketApp } from '../php/ticket-app.ts';
import { bundlesOf } from './release.ts';

/**
 * An update replaces one function after the other while sockets stay open, and so does its rollback: functions of both
 * versions work on the same rows meanwhile, and rows of the version before stay for two hours.
 */
const release = '0.1.0';
const released = bundlesOf(release);
const history = 'missing' in released ? ({ name: 'history', missing: released.missing } as const) : undefined;

type Bundles = Readonly<Record<Entry, Buffer>>;
/** Release 0.1.0 called the function `publish` that is `http-api` now; its logical id is the same. */
const nameIn = (folder: string, entry: Entry) => (existsSync(join(folder, entry)) ? entry : 'publish');
const readBundles = (folder: string) =>
  Object.fromEntries(
    entries.map((entry) => [entry, readFileSync(join(folder, nameIn(folder, entry), 'index.js'))]),
  ) as Bundles;

describe.each([
  { from: release, to: 'this version' },
  { from: 'this version', to: release },
])('while $from is replaced by $to, function by function', needs(history), ({ from }) => {
  let gateway: Publishing;
  let before: Bundles;
  let after: Bundles;
  const listeners: Listener[] = [];
  const room = ['orders', 'presence-room'];

  beforeAll(async () => {
    if ('missing' in released) return;
    const versions = [readBundles(released.folder), readBundles(inject('bundles'))] as const;
    [before, after] = from === release ? versions : [versions[1], versions[0]];
    gateway = await startPublishing({ hello: 'true' }, { watch: true });
    for (const entry of entries) await gateway.replaceCode(entry, before[entry]);
    listeners.push(await gateway.listen(room, '42'));
  });
  afterAll(() => gateway?.close());

  it.each(entries)('every socket still hears what is published, and new ones open, once %s is new', async (entry) => {
    await gateway.replaceCode(entry, after[entry]);
    listeners.push(await gateway.listen(room, '42'));
    const body = JSON.stringify({ name: `after-${entry}`, channel: 'orders', data: '{}' });
    expect((await gateway.ask('POST', '/events', { body })).status).toBe(200);
    for (const { heard } of listeners) expect(await heard(`after-${entry}`)).toMatchObject({ channel: 'orders' });
  });

  it('the user is present once, by all sockets', async () => {
    const users = await gateway.ask('GET', '/channels/presence-room/users');
    expect(await users.json()).toEqual({ users: [{ id: '42' }] });
  });

  it('a logout closes the sockets of both versions, and no row is left', async () => {
    expect((await gateway.ask('POST', '/users/42/terminate_connections', { body: '{}' })).status).toBe(200);
    for (const { client } of listeners) {
      await client.closed;
      expect(client.frames.join()).toContain('4009');
    }
    for (const table of ['Connections', 'Subscriptions', 'Members']) {
      await expect.poll(() => gateway.rows(table)).toEqual([]);
    }
  });
});

/** As CloudFormation replaces them: Connect and Revalidate after Message. */
const inOrder: readonly Entry[] = ['message', ...entries.filter((entry) => !['message', 'tick'].includes(entry))];

describe('of 100 sockets that functions of 0.1.0 have opened', needs(history), () => {
  let gateway: Publishing;
  const groups = {
    'of a user': [] as Listener[],
    'that have signed in as a user': [] as Listener[],
    'that are on a presence channel as a user': [] as Listener[],
    'that are open for a session': [] as Listener[],
  };
  beforeAll(async () => {
    if ('missing' in released) return;
    gateway = await startPublishing({}, { watch: true });
    const [before, after] = [readBundles(released.folder), readBundles(inject('bundles'))];
    for (const entry of inOrder) await gateway.replaceCode(entry, before[entry]);
    for (let n = 0; n < 25; n += 1) {
      gateway.become('ada');
      groups['of a user'].push(await gateway.listen([]));
      gateway.become('eve');
      groups['that are open for a session'].push(await gateway.listen([]));
      gateway.become(undefined);
      const bob = await gateway.listen([]);
      bob.signIn('bob');
      await bob.heard('pusher:signin_success');
      groups['that have signed in as a user'].push(bob);
      groups['that are on a presence channel as a user'].push(await gateway.listen(['presence-room'], 'joe'));
    }
    for (const entry of inOrder) await gateway.replaceCode(entry, after[entry]);
  });
  afterAll(() => gateway?.close());

  const closes = (body: string) => async (path: string, listeners: readonly Listener[]) => {
    expect((await gateway.ask('POST', `${path}/terminate_connections`, { body })).status).toBe(200);
    for (const { client } of listeners) await client.closed;
  };
  const closeUser = closes('{}');

  it('a user’s are closed by a logout at once', async () => {
    await closeUser('/users/ada', groups['of a user']);
  });

  it('those that act as a user are closed by a logout that came before anybody knew them', async () => {
    await gateway.ask('POST', '/users/bob/terminate_connections', { body: '{}' });
    await gateway.invoke('Revalidate');
    for (const { client } of groups['that have signed in as a user']) await client.closed;
  });

  it('those that act as a user are closed by a later logout', async () => {
    await closeUser('/users/joe', groups['that are on a presence channel as a user']);
  });

  it('those of a session are closed by its logout, although PHP names another user', async () => {
    const path = `/sessions/${gateway.sessionHash}`;
    await closes('{"user_id":"mary"}')(path, groups['that are open for a session']);
    expect(Object.values(groups).flat()).toHaveLength(100);
    for (const table of ['Connections', 'Owners', 'Subscriptions', 'Members']) {
      await expect.poll(() => gateway.rows(table)).toEqual([]);
    }
  });
});

// Every socket that opened, signed in or joined within ten minutes of the update, whichever version did it.
describe('in an update that takes ten minutes', needs(history), () => {
  let gateway: Publishing;
  beforeAll(async () => {
    if ('missing' in released) return;
    gateway = await startPublishing({}, { watch: true });
    for (const entry of inOrder) await gateway.replaceCode(entry, readBundles(released.folder)[entry]);
  });
  afterAll(() => gateway?.close());

  it('every logout closes every socket, and every socket hears its events', async () => {
    const after = readBundles(inject('bundles'));
    for (const entry of [...inOrder, undefined, undefined]) {
      if (entry !== undefined) await gateway.replaceCode(entry, after[entry]);
      gateway.become(undefined);
      const listeners = [await gateway.listen(['presence-room'], 'ada'), await gateway.listen(['news'])];
      listeners[1]?.signIn('ada');
      await listeners[1]?.heard('pusher:signin_success');
      gateway.become('ada');
      listeners.push(await gateway.listen(['news']));
      const body = JSON.stringify({ name: 'hi', channels: ['news', 'presence-room'], data: '{}' });
      expect((await gateway.ask('POST', '/events', { body })).status).toBe(200);
      for (const { heard } of listeners) await heard('hi');
      // The minute's run makes what 0.1.0 has written known; a run of 0.1.0 does nothing.
      gateway.cloud.clock.advance(30_000);
      await gateway.invoke('Revalidate');
      gateway.cloud.clock.advance(30_000);
      const isKnown = inOrder.indexOf('revalidate') <= inOrder.indexOf(entry ?? 'revalidate');
      if (!isKnown) {
        for (const { client } of listeners) await client.close();
        continue;
      }
      expect((await gateway.ask('POST', '/users/ada/terminate_connections', { body: '{}' })).status).toBe(200);
      for (const { client } of listeners) await client.closed;
      // A ticket of the second of a logout counts as older.
      gateway.cloud.clock.advance(1_000);
    }
  });
});

// Gateways of 0.1.0 read the user id in the path alone. For other ids the path of the new PHP file has a name that they
// refuse, so that "closed" is never said of somebody else's sockets.
describe('the PHP file of this version, before the gateway is updated,', needs(history), () => {
  let gateway: Publishing;
  let app: TicketApp;
  beforeAll(async () => {
    if ('missing' in released) return;
    [gateway, app] = await Promise.all([startPublishing({}, { watch: true }), startTicketApp(anyPhp)]);
    await gateway.replaceCode('http-api', readBundles(released.folder)['http-api']);
  });
  afterAll(async () => {
    await app?.close();
    await gateway?.close();
  });
  const closeUser = (userId: string) => {
    const { appId: app_id, key, secret } = gateway.credentials;
    return callInside(app, 'close-user', [{ app_id, key, secret }, gateway.apiUrl, userId]);
  };

  it('closes the sockets of every user whose id a path can hold', async () => {
    const { client } = await gateway.listen([]);
    expect(await closeUser('42')).toBeNull();
    await client.closed;
  });

  it.each(['auth0|5f7c8ec7c33c6c004bbafe82', 'a/b', '..'])('says that it cannot close those of %s', async (userId) => {
    expect(await closeUser(userId)).toBe(
      'The HTTP API answered 400; sockets may be open. It said: A user id has 1 to 128 characters.',
    );
  });
});
