import { beforeAll, describe, expect, it } from 'vitest';
import { Visitor } from '../php/visitor.ts';
import { connect, handshakeStatus } from '../socket-client.ts';
import { type PusherSocket, speakPusher } from './pusher-socket.ts';

const malformed = 'A frame is a JSON object with a string "event", of at most 511 levels.';

/** A gateway with the PHP demo behind it: on this machine, or deployed. */
export interface SocketTarget {
  readonly pageUrl: string;
  readonly webSocketUrl: string;
}

/** The contract of the gateway, as a client sees it. */
export function describeSockets(name: string, getTarget: () => SocketTarget): void {
  describe(name, () => {
    let page: Visitor;
    let token: string;

    beforeAll(async () => {
      page = await logIn(getTarget().pageUrl);
      token = await page.fetchToken();
    });

    const origin = () => new URL(getTarget().pageUrl).origin;
    const urlWith = (query: string) => `${getTarget().webSocketUrl}${query}`;
    const urlOf = (session: string) => urlWith(`?token=${encodeURIComponent(session)}`);
    const knockWith = (query: string) => handshakeStatus(urlWith(query), { origin: origin() });

    describe('a handshake that is rejected', () => {
      // The server of the blog post accepted clients without a token whenever PHP answered 403 with an HTML page.
      // JSON.parse threw, the error was reported without a `return`, and then `undefined == undefined` was true.
      it('has no token: 401', async () => {
        expect(await knockWith('')).toBe(401);
        expect(await knockWith('?token=')).toBe(401);
      });

      it('has a well-formed id that PHP never issued: 403', async () => {
        expect(await knockWith(`?token=${'0123456789abcdef'.repeat(2)}`)).toBe(403);
      });

      // `%0d%0a` once ended the process: the HTTP client threw ERR_INVALID_CHAR, which was not caught.
      it.each([
        ['a line break', '%0d%0aX-Admin:%201'],
        ['a second cookie', 'x;%20admin=1'],
        ['a second cookie behind a good id', `${'a'.repeat(26)};%20admin=1`],
        ['too short an id', 'a'.repeat(21)],
        ['too long an id', 'a'.repeat(251)],
        ['letters beyond ASCII', '%C3%A9'.repeat(26)],
        ['bytes that are no UTF-8', '%ff'.repeat(26)],
      ])('has %s as its token: 403', async (_, value) => {
        expect(await knockWith(`?token=${value}`)).toBe(403);
      });

      it('has two tokens, even if one is valid: 403', async () => {
        expect(await knockWith(`?token=${token}&token=${token}`)).toBe(403);
      });

      it('has its token as a PHP array, which is another parameter name: 401', async () => {
        expect(await knockWith(`?token[]=${token}`)).toBe(401);
      });

      it('has a token of 64 KB', async () => {
        expect(await knockWith(`?token=${'a'.repeat(65_536)}`)).toBeGreaterThanOrEqual(400);
      });

      it.each(['https://app.example.com.evil.com', 'null', 'http://127.0.0.1'])(
        'comes from the Origin %s with a valid token: 403',
        async (foreign) => {
          expect(await handshakeStatus(urlOf(token), { origin: foreign })).toBe(403);
        },
      );

      it('has no Origin: 403', async () => {
        expect(await handshakeStatus(urlOf(token))).toBe(403);
      });

      it('has the token of a user who has just logged out: 403', async () => {
        const visitor = await logIn(getTarget().pageUrl);
        const old = await visitor.fetchToken();
        expect(await handshakeStatus(urlOf(old), { origin: origin() })).toBe(101);
        await visitor.post('/logout');
        expect(await handshakeStatus(urlOf(old), { origin: origin() })).toBe(403);
      });
    });

    describe('a user who is logged in to PHP', () => {
      const enter = async (): Promise<PusherSocket> => speakPusher(await connect(urlOf(token), { origin: origin() }));

      it('gets the welcome first, with a socket id that Pusher clients accept', async () => {
        const socket = await enter();
        const welcome = await socket.frame('pusher:connection_established');
        expect(socket.frames()[0]).toEqual(welcome);
        const { socket_id, activity_timeout } = JSON.parse(String(welcome.data));
        expect(socket_id).toMatch(/^\d+\.\d+$/);
        expect(activity_timeout).toBe(540);
        await socket.close(1000, '');
      });

      it('gets one pong for a ping', async () => {
        const socket = await enter();
        await socket.frame('pusher:connection_established');
        socket.send('{"event":"pusher:ping","data":{}}');
        expect(await socket.frame('pusher:pong')).toEqual({ event: 'pusher:pong', data: {} });
        await socket.close(1000, '');
        expect(socket.frames().filter(({ event }) => event === 'pusher:pong')).toHaveLength(1);
      });

      it.each([
        ['an unknown event', '{"event":"no:such"}', 'This event is not known here.'],
        ['no JSON', 'nonsense', malformed],
        ['no event', '{"data":{}}', malformed],
        ['a list', '[1,2,3]', malformed],
        ['lists in one another', `{"event":"x","data":${'['.repeat(5000)}${']'.repeat(5000)}}`, malformed],
      ])('gets an error for %s, and keeps the socket', async (_, text, message) => {
        const socket = await enter();
        socket.send(text);
        expect(await socket.frame('pusher:error')).toEqual({ event: 'pusher:error', data: { code: 4300, message } });
        socket.send('{"event":"pusher:ping"}');
        await socket.frame('pusher:pong');
        await socket.close(1000, '');
      });

      it('joins a public channel, gets an error for a client event there, and leaves it', async () => {
        const socket = await enter();
        await socket.frame('pusher:connection_established');
        socket.send('{"event":"pusher:subscribe","data":{"auth":"","channel":"news"}}');
        const joined = { event: 'pusher_internal:subscription_succeeded', data: '{}', channel: 'news' };
        expect(await socket.frame('pusher_internal:subscription_succeeded')).toEqual(joined);
        socket.send('{"event":"client-x","channel":"news","data":{}}');
        expect(await socket.frame('pusher:error')).toMatchObject({ data: { code: 4300 } });
        socket.send('{"event":"pusher:unsubscribe","data":{"channel":"news"}}');
        expect(await socket.frame('pusher:pong')).toEqual({ event: 'pusher:pong', data: {} });
        await socket.close(1000, '');
        expect(socket.frames()).toHaveLength(4);
      });

      it('gets a subscription error for a private channel', async () => {
        const socket = await enter();
        socket.send('{"event":"pusher:subscribe","data":{"auth":"","channel":"private-x"}}');
        expect(await socket.frame('pusher:subscription_error')).toMatchObject({
          channel: 'private-x',
          data: { type: 'AuthError', status: 401 },
        });
        await socket.close(1000, '');
      });

      it('may open several sockets at once, each with its own id', async () => {
        const sockets = await Promise.all([enter(), enter(), enter()]);
        const welcomes = await Promise.all(sockets.map((socket) => socket.frame('pusher:connection_established')));
        expect(new Set(welcomes.map(({ data }) => data)).size).toBe(3);
        await Promise.all(sockets.map((socket) => socket.close(1000, '')));
      });
    });
  });
}

async function logIn(pageUrl: string): Promise<Visitor> {
  const visitor = new Visitor(pageUrl);
  const { status } = await visitor.logIn();
  if (status !== 303) throw new Error(`The demo at ${pageUrl} did not log us in (${status}).`);
  return visitor;
}
