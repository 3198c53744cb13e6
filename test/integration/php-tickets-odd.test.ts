import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openPhpTicket } from '../php/node-ticket.ts';
import { anyPhp, phpVersions, withNativePhp } from '../php/php-kinds.ts';
import {
  ask,
  askAsGateway,
  callInside,
  cookieFrom,
  idIn,
  nowSeconds,
  shared,
  signatureFor,
  startTicketApp,
  type TicketApp,
} from '../php/ticket-app.ts';

/** Tests that need real locks, or PHP's own handling of output; one PHP is enough. */
describe('session-socket.php and other requests of the same session', withNativePhp, () => {
  let app: TicketApp;
  beforeAll(async () => {
    app = await startTicketApp(anyPhp);
  });
  afterEach(() => {
    expect(app.complaints).toEqual([]);
  });
  afterAll(() => app.close());

  it('holds no lock while the app looks up the user, and overwrites no other request’s session data', async () => {
    const cookie = await cookieFrom(app, '/login');
    const question = askAsGateway(app, { path: '/identify-waits', cookie });
    await expect.poll(() => existsSync(join(app.sessions, 'waits'))).toBe(true);
    expect((await ask(app, { path: '/visit', cookie })).status).toBe(200);
    await writeFile(join(app.sessions, 'go'), '');
    expect((await question).status).toBe(200);
    expect(await readFile(join(app.sessions, `sess_${idIn(cookie)}`), 'utf8')).toContain('visits|i:1');
  });

  it('finds sessions in nested folders, and creates none there for an invented id', async () => {
    const cookie = await cookieFrom(app, '/login');
    const id = idIn(cookie);
    const [one = '', two = ''] = id;
    const folder = join(app.sessions, one, two);
    await mkdir(folder, { recursive: true });
    await cp(join(app.sessions, `sess_${id}`), join(folder, `sess_${id}`));
    expect((await askAsGateway(app, { path: '/nested', cookie })).status).toBe(200);
    const invented = `PHPSESSID=${one}${two}${'0'.repeat(30)}`;
    expect((await askAsGateway(app, { path: '/nested', cookie: invented })).status).toBe(403);
    expect(await readdir(folder)).toEqual([`sess_${id}`]);
  });

  it('does not answer after output has begun, because it could not forbid caching, and logs where it began', async () => {
    const answer = await ask(app, { path: '/after-output', cookie: await cookieFrom(app, '/login') });
    expect(answer.body.trim()).toBe('');
    expect(await app.nextComplaint()).toMatch(/output has begun in .*ticket-app\/index\.php line \d+/);
  });
});

describe('session-socket.php while the secret is being changed', () => {
  let app: TicketApp;
  beforeAll(async () => {
    const environment = { SESSION_SOCKET_SECRET: 'the new one', SESSION_SOCKET_PREVIOUS_SECRET: shared.secret };
    app = await startTicketApp(anyPhp, environment);
  });
  afterAll(() => app.close());

  it('accepts a gateway that signs with either secret, and with no third', async () => {
    const cookie = await cookieFrom(app, '/login');
    expect((await askAsGateway(app, { cookie, secret: 'the new one' })).status).toBe(200);
    expect((await askAsGateway(app, { cookie, secret: shared.secret })).status).toBe(200);
    expect((await askAsGateway(app, { cookie, secret: '' })).status).toBe(421);
    expect((await askAsGateway(app, { cookie, secret: 'the one before' })).status).toBe(421);
  });

  it('seals tickets with the current secret', async () => {
    const ticket = JSON.parse((await ask(app, { cookie: await cookieFrom(app, '/login') })).body);
    expect(() => openPhpTicket(ticket, shared)).toThrow();
    expect(openPhpTicket(ticket, { ...shared, secret: 'the new one' })).toMatchObject({ i: { userId: '42' } });
  });
});

describe.each(phpVersions)('session-socket.php and random input on $name', (version) => {
  const credentials = { app_id: shared.appId, key: shared.key, secret: shared.secret };
  const cookie = `PHPSESSID=${'a'.repeat(32)}`;
  const bytes = fc.uint8Array({ maxLength: 80 }).map((array) => Buffer.from(array));
  const text = fc.string({ unit: 'binary-ascii', maxLength: 80 }).map((each) => Buffer.from(each));
  type Server = Readonly<Record<string, Buffer>>;
  let app: TicketApp;
  beforeAll(async () => {
    app = await startTicketApp(version);
  });
  afterAll(() => app.close());

  /** Many questions in one request: what $_SERVER holds, and any bytes may be in it. */
  async function askMany(servers: readonly Server[]): Promise<[status: number, headers: object, body: string][]> {
    const encoded = servers.map((server) =>
      Object.fromEntries(Object.entries(server).map(([name, value]) => [name, value.toString('base64')])),
    );
    const question = { credentials, sessionId: 'a'.repeat(32), servers: encoded };
    return (await callInside(app, 'ask', question)) as [number, object, string][];
  }
  const good = (): Server => ({
    REQUEST_METHOD: Buffer.from('GET'),
    REQUEST_URI: Buffer.from('/getSessionID'),
    HTTP_HOST: Buffer.from('app.example.com'),
    HTTP_COOKIE: Buffer.from(cookie),
    HTTP_X_SESSION_SOCKET: Buffer.from(signatureFor({ cookie })),
  });

  it('accepts the input that is not random', async () => {
    expect(await askMany([good()])).toEqual([[200, expect.anything(), `{"sessionId":"${'a'.repeat(32)}"}`]]);
  });

  it('never accepts a header that was changed in any byte, cut or lengthened', async () => {
    const { HTTP_X_SESSION_SOCKET: header = Buffer.of(), ...rest } = good();
    const changed = [...header].flatMap((_, at) =>
      [1, 2, 4, 8, 16, 32, 64, 128].map((bit) => {
        const copy = Buffer.from(header);
        copy[at] = (copy[at] ?? 0) ^ bit;
        return copy;
      }),
    );
    const cut = [...header].map((_, at) => header.subarray(0, at));
    const longer = ['\n', ' ', ',', '0', '\0'].flatMap((more) => [
      Buffer.concat([header, Buffer.from(more)]),
      Buffer.concat([Buffer.from(more), header]),
    ]);
    const servers = [...changed, ...cut, ...longer].map((each) => ({ ...rest, HTTP_X_SESSION_SOCKET: each }));
    const answers = await askMany(servers);
    expect(answers.length).toBeGreaterThan(800);
    expect(answers.filter(([status]) => status !== 421)).toEqual([]);
  });

  it('answers a signature header of any bytes with 421 and nothing else', async () => {
    const almost = fc
      .tuple(text, fc.oneof(fc.nat(), fc.constant(nowSeconds())), text)
      .map(([kid, time, hex]) => Buffer.from(`kid=${kid},t=${time},s=${hex}`));
    const samples = fc.sample(fc.oneof(bytes, text, almost), 1_000);
    const answers = await askMany(samples.map((each) => ({ ...good(), HTTP_X_SESSION_SOCKET: each })));
    expect(new Set(answers.map(([status]) => status))).toEqual(new Set([421]));
  });

  it('answers any Cookie header and any path without an error if the gateway has signed them', async () => {
    const samples = fc.sample(fc.tuple(text, text), 300);
    const answers = await askMany(
      samples.map(([cookieHeader, path]) => ({
        ...good(),
        REQUEST_URI: path,
        HTTP_COOKIE: cookieHeader,
        HTTP_X_SESSION_SOCKET: Buffer.from(signatureFor({ path: String(path), cookie: String(cookieHeader) })),
      })),
    );
    expect(new Set(answers.map(([status]) => status))).toEqual(new Set([200]));
  });

  it('gives nothing to a page of any other origin, and no ticket to any other cookie', async () => {
    const { HTTP_X_SESSION_SOCKET: _, ...page } = good();
    const origins = fc.sample(
      fc.oneof(
        bytes,
        text,
        text.map((each) => Buffer.from(`https://${each}`)),
      ),
      500,
    );
    const foreign = await askMany(origins.map((each) => ({ ...page, HTTP_ORIGIN: each })));
    expect(new Set(foreign.map(([status]) => status))).toEqual(new Set([403]));

    const cookies = fc.sample(fc.oneof(bytes, text), 500).filter((each) => !each.includes('PHPSESSID='));
    const answers = await askMany(cookies.map((each) => ({ ...page, HTTP_COOKIE: each })));
    expect(new Set(answers.map(([status]) => status))).toEqual(new Set([500]));
  });

  it('lets no input write its own line into the log, and causes no PHP error', async () => {
    await expect.poll(() => app.complaints.length).toBeGreaterThan(2_000);
    const lines = app.complaints.filter((line) => !/^(\[.*\] )?session-socket: answered (403|421|500)/.test(line));
    expect(lines).toEqual([]);
    for (const line of app.complaints) expect(line).toMatch(/^[\x20-\x7e]+$/);
  });
});
