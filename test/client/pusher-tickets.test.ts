import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Pusher, useTickets } from './pusher-js.ts';

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

// pusher-js reconnects one second after any close.
it('useTickets reports a missing ticket to pusher-js with growing delays, and at once again after a successful ticket', async () => {
  const fetchTicket = vi.fn<() => Promise<string>>().mockRejectedValue(new Error('/getSessionID answered 403.'));
  class OpenSocket {
    close() {}
  }
  const runtime = { createWebSocket: (_url: string) => ({}), getWebSocketAPI: () => OpenSocket };
  useTickets({ Runtime: runtime } as unknown as typeof Pusher, { key: 'k', url: 'ws://gateway/live', fetchTicket });
  const closedAfter = async () => {
    const begin = Date.now();
    const line = runtime.createWebSocket('wss://ws.example.com/app/k?protocol=7') as { onclose?: () => void };
    const closed = new Promise<number>((resolve) => {
      line.onclose = () => resolve(Date.now() - begin);
    });
    await vi.advanceTimersByTimeAsync(60_000);
    return closed;
  };
  const waits = [];
  for (let tries = 0; tries < 7; tries += 1) waits.push(await closedAfter());
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);

  fetchTicket.mockResolvedValueOnce('ticket');
  runtime.createWebSocket('wss://ws.example.com/app/k?protocol=7');
  await vi.advanceTimersByTimeAsync(0);
  expect(await closedAfter()).toBe(1_000);
});
