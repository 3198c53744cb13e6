import { expect, it } from 'vitest';
import { runChaos } from '../../chaos/run.ts';

// npm run chaos does the same for as long and with as many clients as one likes.
it('no rule is violated, whatever clients and faults do', async () => {
  const report = await runChaos({ durationMs: 5_000, clients: 30, seed: 7 });
  expect(report.violations).toEqual([]);
  // And something did happen.
  expect(report.faults).toBeGreaterThan(2);
  expect(report.handshakes.get(101)).toBeGreaterThan(20);
  expect(report.messages).toBeGreaterThan(25);
});
