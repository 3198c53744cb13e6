import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { answerJson, WebServer } from '../fakes/web-server.ts';
import { type Gateway, startGateway } from '../gateway/gateway.ts';
import { type Client, connect } from '../socket-client.ts';

const page = 'http://127.0.0.1:8080';
const isOpen = ({ socket }: Client) => socket.readyState === socket.OPEN;

const operations = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');

/** An app as in the blog post, which answers the session id that it was asked with, or that nobody is logged in. */
let app: WebServer;
let gateway: Gateway;
let forgets: (sessionId: string) => boolean;
const tabs = new Map<string, Client>();

beforeAll(async () => {
  app = await WebServer.start();
  forgets = () => false;
  app.mood = async (request, response) => {
    const sessionId = /PHPSESSID=([^;]+)/.exec(request.headers.cookie ?? '')?.[1] ?? '';
    const answer = forgets(sessionId) ? answerJson(null, 403) : answerJson(sessionId, 200);
    return answer(request, response);
  };
  const sessionEndpoint = `${app.url('/').origin}/getSessionID`;
  gateway = await startGateway({ mode: 'session-id', revalidate: '1', sessionEndpoint, allowedOrigins: page });
  for (let n = 0; n < 24; n += 1) {
    const sessionId = `sessionOfVisitorNumber${n}`;
    const client = await connect(`${gateway.webSocketUrl}?token=${sessionId}`, { origin: page });
    await client.find((frame) => frame.includes('pusher:connection_established'));
    tabs.set(sessionId, client);
  }
});
afterAll(async () => {
  for (const tab of tabs.values()) await tab.close();
  await gateway?.close();
  await app?.close();
});

const open = () => [...tabs.values()].filter(isOpen).length;
/** A run at a time when everybody is due. */
async function letTimePass() {
  gateway.cloud.clock.advance(95_000);
  return runOnce();
}
/** Not the one that the clock has started, if that is still at work. */
async function runOnce() {
  const isRun = (record: object) => JSON.stringify(record).includes('"revalidated"');
  const before = gateway.records().filter(isRun).length;
  await expect
    .poll(() => gateway.invoke('Revalidate').then(() => gateway.records().filter(isRun).length), { interval: 50 })
    .toBeGreaterThan(before);
}

it('the socket of one of 24 visitors who has logged out is closed', async () => {
  forgets = (sessionId) => sessionId === 'sessionOfVisitorNumber7';
  await letTimePass();
  await expect.poll(open).toBe(23);
});

// Each run is a Lambda that knows nothing of the one before, but for the row of the guard.
it('no socket is closed when PHP has lost all sessions, and the run fails, so that the alarm goes off', async () => {
  forgets = () => true;
  await letTimePass();
  const failed = {
    outcome: 'failed',
    payload: expect.stringContaining('23 of 23 users were logged out within one check interval'),
  };
  for (let run = 0; run < 3; run += 1) {
    await expect.poll(() => gateway.invoke('Revalidate'), { interval: 50 }).toMatchObject(failed);
  }
  expect(open()).toBe(23);
});

it('the row of the guard contains no user', async () => {
  const rows = JSON.stringify(await gateway.rows('Claims'));
  expect(rows).toContain('guard:revalidate');
  for (const row of (await gateway.rows('Connections')) as { sessionHash: { S: string } }[]) {
    expect(rows).not.toContain(row.sessionHash.S);
  }
  expect(rows).not.toContain('session:');
});

it('an operator releases the guard as docs/operations.md says, and the next run closes the sockets', async () => {
  const [, payload = ''] = /--payload '(.+?)'/.exec(operations) ?? [];
  const [, part = 'nothing'] = /contains\(LogicalResourceId, '(\w+)'\)/.exec(operations) ?? [];
  const named = Object.entries(gateway.cloud.functions).filter(([logicalId]) => logicalId.includes(part));
  expect(named).toHaveLength(1);
  const answer = await named[0]?.[1].invoke(JSON.parse(payload));
  expect(answer).toMatchObject({
    outcome: 'returned',
    payload: expect.stringMatching(/^"The guard is off until .*Z\./),
  });
  await runOnce();
  await expect.poll(open).toBe(0);
  for (const [sessionId, tab] of tabs) {
    await tab.closed;
    expect([sessionId, JSON.parse(tab.frames.at(-1) ?? '')]).toMatchObject([sessionId, { data: { code: 4009 } }]);
  }
  expect(await gateway.invoke('Revalidate', { release: true })).toMatchObject({
    payload: '"The guard does not hold, so nothing is released."',
  });
});
