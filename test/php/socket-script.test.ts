import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keepConnected, withCookie, withToken } from '../../php/demo/assets/socket.js';

/** A browser's, under the script of the private page. */
class FakeSocket {
  static all: FakeSocket[] = [];
  readonly url: string;
  readonly sent: string[] = [];
  onopen = () => {};
  onclose = () => {};
  onmessage = (_message: { data: string }) => {};

  constructor(url: string) {
    this.url = url;
    FakeSocket.all.push(this);
  }

  send(text: string): void {
    this.sent.push(text);
  }

  receive(frame: object): void {
    this.onmessage({ data: JSON.stringify(frame) });
  }

  static get last(): FakeSocket {
    const socket = FakeSocket.all.at(-1);
    if (socket === undefined) throw new Error('no socket was opened');
    return socket;
  }
}

const ask = vi.fn<() => Promise<{ status: number; ok: boolean; json: () => Promise<string> }>>();
const answer = (status: number, token = '') => ({ status, ok: status === 200, json: async () => token });
let states: string[];
let events: [string, unknown][];

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('WebSocket', FakeSocket);
  vi.stubGlobal('fetch', ask);
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  FakeSocket.all = [];
  states = [];
  events = [];
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  ask.mockReset();
});

async function openPage(open: typeof withCookie = withToken): Promise<void> {
  const onEvent = ({ event, data }: { event: string; data: unknown }) => events.push([event, data]);
  keepConnected('ws://gateway/prod', (state) => states.push(state), onEvent, open);
  await vi.advanceTimersByTimeAsync(0);
}

describe('the script of the private page', () => {
  it('asks PHP for a token and opens the socket with it', async () => {
    ask.mockResolvedValue(answer(200, 'a,b-1'));
    await openPage();
    expect(FakeSocket.last.url).toBe('ws://gateway/prod?token=a%2Cb-1');
    FakeSocket.last.onopen();
    expect(states).toEqual(['connecting', 'open']);
  });

  it('passes on events with decoded data, be it a string or an object', async () => {
    ask.mockResolvedValue(answer(200, 'token'));
    await openPage();
    FakeSocket.last.receive({ event: 'hello', data: '{"hello":"world"}' });
    FakeSocket.last.receive({ event: 'pusher:pong', data: {} });
    FakeSocket.last.receive({ event: 'note', data: 'just words' });
    FakeSocket.last.receive({ event: 'list', data: ['1'] });
    FakeSocket.last.receive({ event: 'bare' });
    expect(events).toEqual([
      ['hello', { hello: 'world' }],
      ['pusher:pong', {}],
      ['note', 'just words'],
      ['list', ['1']],
      ['bare', undefined],
    ]);
  });

  it('pings well before API Gateway would close an idle socket, and only while it is open', async () => {
    ask.mockResolvedValue(answer(200, 'token'));
    await openPage();
    const socket = FakeSocket.last;
    socket.onopen();
    await vi.advanceTimersByTimeAsync(9 * 60_000);
    expect(socket.sent).toEqual(Array(2).fill('{"event":"pusher:ping","data":{}}'));
    socket.onclose();
    await vi.advanceTimersByTimeAsync(9 * 60_000);
    expect(socket.sent).toHaveLength(2);
  });

  it('reconnects with a fresh token', async () => {
    ask.mockResolvedValueOnce(answer(200, 'first')).mockResolvedValueOnce(answer(200, 'second'));
    await openPage();
    FakeSocket.last.onopen();
    FakeSocket.last.onclose();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(FakeSocket.last.url).toBe('ws://gateway/prod?token=second');
    expect(states).toEqual(['connecting', 'open', 'connecting']);
  });

  it('reports the logout, and stops, when PHP has no session', async () => {
    ask.mockResolvedValueOnce(answer(200, 'first')).mockResolvedValueOnce(answer(403));
    await openPage();
    FakeSocket.last.onopen();
    FakeSocket.last.onclose();
    await vi.advanceTimersByTimeAsync(60 * 60_000);
    expect(states.at(-1)).toBe('signed out');
    expect(ask).toHaveBeenCalledTimes(2);
    expect(FakeSocket.all).toHaveLength(1);
  });

  it('waits longer after every rejection, up to half a minute', async () => {
    ask.mockResolvedValue(answer(200, 'token'));
    await openPage();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 7; attempt++) {
      const since = Date.now();
      FakeSocket.last.onclose();
      await vi.advanceTimersToNextTimerAsync();
      waits.push(Date.now() - since);
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]); // the half of each, as random is 0.5
    expect(states.at(-1)).toBe('refused');
  });

  it('keeps trying while PHP fails or does not answer', async () => {
    ask.mockRejectedValueOnce(new TypeError('Failed to fetch')).mockResolvedValueOnce(answer(502));
    ask.mockResolvedValueOnce({ ...answer(200), json: () => Promise.reject(new SyntaxError('<!doctype')) });
    ask.mockResolvedValue(answer(200, 'token'));
    await openPage();
    expect(FakeSocket.all).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(FakeSocket.all).toHaveLength(1);
    expect(states).toEqual(['connecting']);
  });
});

describe('the script of the private page on the socket’s own domain', () => {
  it('opens the socket at once, and asks PHP for nothing', async () => {
    await openPage(withCookie);
    expect(FakeSocket.last.url).toBe('ws://gateway/prod');
    expect(ask).not.toHaveBeenCalled();
  });

  it('asks PHP after a rejection, because browsers hide its reason, and retries while the user is logged in', async () => {
    ask.mockResolvedValueOnce(answer(200)).mockRejectedValueOnce(new TypeError('Failed to fetch'));
    ask.mockResolvedValue(answer(403));
    await openPage(withCookie);
    FakeSocket.last.onclose();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(FakeSocket.all).toHaveLength(2);
    expect(states).toEqual(['connecting', 'refused']);

    FakeSocket.last.onclose();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(FakeSocket.all).toHaveLength(2);
    expect(states.at(-1)).toBe('signed out');
  });

  it('reports the logout when the socket was closed with the session', async () => {
    ask.mockResolvedValue(answer(403));
    await openPage(withCookie);
    FakeSocket.last.onopen();
    await vi.advanceTimersByTimeAsync(60_000);
    FakeSocket.last.onclose();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(states).toEqual(['connecting', 'open', 'connecting', 'signed out']);
    expect(FakeSocket.all).toHaveLength(1);
  });
});
