import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Demo, startDemo } from '../demo.ts';
import { handshakeStatus } from '../socket-client.ts';

describe("The README's PHP, in the smallest app there can be", () => {
  let demo: Demo;
  beforeAll(async () => {
    demo = await startDemo({ app: { root: '.', router: 'test/fixtures/snippet-app/index.php' } });
  });
  afterAll(() => demo.close());

  const cookieOf = async (path: string) => {
    const answer = await fetch(`${demo.pageUrl}${path}`);
    return answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  };
  const fetchToken = (cookie: string) => fetch(`${demo.pageUrl}/getSessionID`, { headers: { cookie } });
  const knockWith = (token: unknown) =>
    handshakeStatus(`${demo.webSocketUrl}?token=${encodeURIComponent(String(token))}`, { origin: demo.pageUrl });

  it('gives a token that opens a socket to who is logged in, and forbids caching it', async () => {
    const answer = await fetchToken(await cookieOf('/login'));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toContain('no-store');
    expect(await knockWith(await answer.json())).toBe(101);
  });

  it('gives none to who is not, with a session or without one', async () => {
    const visitor = await cookieOf('/visit');
    expect((await fetchToken('')).status).toBe(403);
    expect((await fetchToken(visitor)).status).toBe(403);
    expect(await knockWith(visitor.split('=')[1])).toBe(403);
  });

  it('starts no session for an asker without a cookie', async () => {
    const answer = await fetch(`${demo.pageUrl}/getSessionID`);
    expect(answer.headers.getSetCookie()).toEqual([]);
  });
});
