import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

/** A fake of the browser's WebSocket. */
class PageSocket {
  static readonly all: PageSocket[] = [];
  readonly url: string;
  readonly protocols: readonly string[];
  readonly sent: string[] = [];
  onmessage?: (message: { readonly data: string }) => void;
  onclose?: () => void;

  constructor(url: string, protocols: readonly string[] = []) {
    this.url = url;
    this.protocols = protocols;
    PageSocket.all.push(this);
  }

  send(text: string): void {
    this.sent.push(text);
  }
}

const minute = 60_000;
const json = (status: number, body: unknown) => async () => Response.json(body, { status });
const ticket = (name: string) => json(200, name);
const loggedOut = json(403, { error: 'Nobody is logged in.' });
const homePage = async () => new Response('<!doctype html><title>Home</title>');

const read = (name: string) => readFileSync(join(import.meta.dirname, '../../docs/snippets', name), 'utf8');

describe.each(['page.js', 'page-subprotocol.js', 'page-cookie.js'])('the page of docs/snippets/%s', (name) => {
  // docs/page.md shows the function and its call apart, because other pages paste the function alone.
  const code = name === 'page.js' ? read(name) + read('page-news.js') : read(name);
  const fetchToken = vi.fn<() => Promise<Response>>();
  const log = vi.fn();
  const opened = () => PageSocket.all.length;
  const socket = () => PageSocket.all.at(-1) as PageSocket;
  /** In the URL or in the second sub-protocol. */
  const tokens = () =>
    PageSocket.all.map(({ url, protocols }) => new URL(url).searchParams.get('token') ?? protocols[1]);

  async function openPage(): Promise<void> {
    new Function('fetch', 'WebSocket', 'webSocketUrl', 'console', code)(fetchToken, PageSocket, 'wss://ws/live', {
      log,
    });
    await vi.advanceTimersByTimeAsync(0);
  }

  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(Math, 'random').mockReturnValue(1);
    PageSocket.all.length = 0;
    fetchToken.mockReset();
    log.mockReset();
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it('logs every frame', async () => {
    fetchToken.mockImplementation(ticket('t1'));
    await openPage();
    socket().onmessage?.({ data: '{"event":"hello"}' });
    expect(log).toHaveBeenCalledWith({ event: 'hello' });
  });

  // API Gateway closes a socket after ten idle minutes. An open page once received nothing after that.
  it('pings often enough for API Gateway to keep the socket', async () => {
    fetchToken.mockImplementation(ticket('t1'));
    await openPage();
    await vi.advanceTimersByTimeAsync(9 * minute);
    expect(socket().sent).toEqual(Array(2).fill('{"event":"pusher:ping","data":{}}'));
    socket().onclose?.();
    const sent = socket().sent.length;
    await vi.advanceTimersByTimeAsync(9 * minute);
    expect(PageSocket.all[0]?.sent).toHaveLength(sent);
  });

  // API Gateway closes every socket after two hours.
  it('reconnects after a close, with a fresh token', async () => {
    fetchToken.mockImplementationOnce(ticket('first')).mockImplementationOnce(ticket('second'));
    await openPage();
    await vi.advanceTimersByTimeAsync(120 * minute);
    socket().onclose?.();
    await vi.advanceTimersByTimeAsync(1000);
    expect(fetchToken).toHaveBeenCalledTimes(2);
    expect(opened()).toBe(2);
    if (name !== 'page-cookie.js') expect(tokens()).toEqual(['first', 'second']);
  });

  // The error's JSON used to become the token "[object Object]".
  it.each([
    ['403', loggedOut],
    ['401', json(401, { error: 'Log in first.' })],
  ])('opens no socket and stops after the answer %s, because nobody is logged in', async (_, answer) => {
    fetchToken.mockImplementation(answer);
    await openPage();
    await vi.advanceTimersByTimeAsync(60 * minute);
    expect(opened()).toBe(0);
    expect(fetchToken).toHaveBeenCalledTimes(1);
  });

  it('stops after a logout in another tab, which closes the socket', async () => {
    fetchToken.mockImplementationOnce(ticket('t1')).mockImplementation(loggedOut);
    await openPage();
    socket().onclose?.();
    await vi.advanceTimersByTimeAsync(60 * minute);
    expect(opened()).toBe(1);
    expect(fetchToken).toHaveBeenCalledTimes(2);
  });

  it.each([
    ['the network is down', () => Promise.reject(new TypeError('Failed to fetch'))],
    ['PHP is down', json(500, { error: 'Internal error.' })],
  ])('retries with growing delays while %s, then connects', async (_, answer) => {
    fetchToken.mockImplementation(answer);
    await openPage();
    for (const seconds of [2, 4, 8, 16, 32, 60, 60]) {
      const asked = fetchToken.mock.calls.length;
      await vi.advanceTimersByTimeAsync(seconds * 1000 - 1);
      expect(fetchToken, `before ${seconds} s`).toHaveBeenCalledTimes(asked);
      await vi.advanceTimersByTimeAsync(1);
      expect(fetchToken, `after ${seconds} s`).toHaveBeenCalledTimes(asked + 1);
    }
    expect(opened()).toBe(0);
    fetchToken.mockImplementation(ticket('t1'));
    await vi.advanceTimersByTimeAsync(minute);
    expect(opened()).toBe(1);
  });

  // Otherwise a gateway that rejects at once, or a second tab above the limit, would be retried every second.
  it('retries with growing delays while sockets close at once, and quickly after a socket that stayed open', async () => {
    fetchToken.mockImplementation(ticket('t1'));
    await openPage();
    for (const seconds of [2, 4, 8]) {
      const before = opened();
      socket().onclose?.();
      await vi.advanceTimersByTimeAsync(seconds * 1000 - 1);
      expect(opened()).toBe(before);
      await vi.advanceTimersByTimeAsync(1);
      expect(opened()).toBe(before + 1);
    }
    await vi.advanceTimersByTimeAsync(2 * minute);
    socket().onclose?.();
    await vi.advanceTimersByTimeAsync(1000);
    expect(opened()).toBe(5);
  });

  const takesToken = name !== 'page-cookie.js';
  it(takesToken ? 'accepts only a string as the token' : 'has no token', async () => {
    fetchToken.mockImplementationOnce(homePage).mockImplementationOnce(json(200, { sessionId: 'x' }));
    fetchToken.mockImplementation(ticket('t1'));
    await openPage();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(tokens()).toEqual([takesToken ? 't1' : undefined]);
  });
});

describe('The scripts of docs/page.md', () => {
  const ticketOnce = async () => Response.json('t1');
  const open = async (...names: string[]) => {
    const code = names.map(read).join('\n');
    const page = new Function('fetch', 'WebSocket', 'webSocketUrl', 'console', 'log', code);
    page(ticketOnce, PageSocket, 'wss://ws/live', { log: vi.fn() }, vi.fn());
    await vi.advanceTimersByTimeAsync(0);
    const welcome = { event: 'pusher:connection_established', data: '{"socket_id":"1.2"}' };
    for (const socket of PageSocket.all) socket.onmessage?.({ data: JSON.stringify(welcome) });
    return PageSocket.all.map(({ sent }) => sent.map((text) => JSON.parse(text)));
  };

  beforeEach(() => {
    vi.useFakeTimers();
    PageSocket.all.length = 0;
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('join the channel "news" at the welcome', async () => {
    expect(await open('page.js', 'page-news.js')).toEqual([[{ event: 'pusher:subscribe', data: { channel: 'news' } }]]);
  });

  it('open one socket together with the script of docs/moving-from-socket-io.md', async () => {
    const subscribe = { event: 'pusher:subscribe', data: { channel: 'presence-room' } };
    expect(await open('page.js', 'moving/socket-io.js')).toEqual([[subscribe]]);
  });
});
