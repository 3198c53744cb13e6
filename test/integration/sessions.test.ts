import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Demo, startDemo } from '../gateway/demo.ts';
import { withNativePhp } from '../php/php-kinds.ts';
import { handshakeStatus } from '../socket-client.ts';

let demo: Demo;

beforeAll(async () => {
  demo = await startDemo({
    app: { root: '.', router: 'test/fixtures/snippet-app/index.php' },
    context: { mode: 'session-id', sessionTimeoutMs: '2500' },
  });
});
afterAll(() => demo.close());

/** @returns the session cookie, which is the same where the answer sets no other */
async function visit(path: string, cookie = ''): Promise<string> {
  const answer = await fetch(`${demo.pageUrl}${path}`, { headers: { cookie } });
  return answer.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
}

const handshakeWith = (cookie: string) =>
  handshakeStatus(`${demo.webSocketUrl}?token=${cookie.split('=')[1]}`, { origin: demo.pageUrl });

describe('a rejected session id is one', () => {
  it('of a visitor who is not logged in', async () => {
    expect(await handshakeWith(await visit('/visit'))).toBe(403);
  });

  it('from before the login, which rotated it', async () => {
    const before = await visit('/visit');
    const after = await visit('/rotating-login', before);
    expect(after).not.toBe(before);
    expect([await handshakeWith(before), await handshakeWith(after)]).toEqual([403, 101]);
  });
});

describe('The route of docs/modes.md', () => {
  it('forbids caching, and reading by other sites, in both of its answers', async () => {
    const cookie = await visit('/login');
    for (const headers of [
      { cookie },
      { cookie, origin: 'https://evil.example' },
      { cookie, 'x-session-socket': 'x' },
    ]) {
      const answer = await fetch(`${demo.pageUrl}/getSessionID`, { headers });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('cache-control')).toContain('no-store');
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    }
  });
});

describe('a session', () => {
  it(
    'while another tab holds it is “try again” and not “logged out”, and lets in afterwards',
    withNativePhp,
    async () => {
      const cookie = await visit('/login');
      const busy = await fetch(`${demo.pageUrl}/busy`, { headers: { cookie } });
      expect(await handshakeWith(cookie)).toBe(500);
      const { message, reason } = await demo.logged(({ level }) => level === 'ERROR');
      expect([message, reason]).toEqual(['session check unavailable', expect.stringContaining('2500 ms')]);

      await writeFile(join(demo.php.sessions, 'go'), '');
      await busy.text();
      expect(await handshakeWith(cookie)).toBe(101);
    },
  );
});
