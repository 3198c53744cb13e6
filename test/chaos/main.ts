/** `npm run chaos -- --minutes 30 --clients 200 --seed 7`: exits with 1 when anything happened that must not. */
import { parseArgs } from 'node:util';
import { type Progress, runChaos } from './run.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    clients: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 1e6) },
  },
});
const [minutes, clients, seed] = [Number(values.minutes), Number(values.clients), Number(values.seed)];
if (!(minutes > 0 && Number.isInteger(clients) && clients > 0 && Number.isInteger(seed))) {
  console.error('--minutes is a number, --clients and --seed are whole numbers, none below 0.');
  process.exit(2);
}

console.log(`chaos: ${minutes} min, ${clients} clients, --seed ${seed}`);
const report = await runChaos({ durationMs: minutes * 60_000, clients, seed, onProgress: print });
print(report);
console.log(
  `${report.survivors} connections lived to the end; ${report.rows} rows then, ${report.rowsAfterwards} after their time`,
);
for (const [violation, times] of countEach(report.violations)) console.log(`violation (${times}×): ${violation}`);
console.log(report.violations.length === 0 ? 'chaos survived' : `chaos: ${report.violations.length} violations`);
process.exitCode = report.violations.length === 0 ? 0 : 1;

function print({ elapsedMs, open, handshakes, messages, frames, faults, memoryMb, violations }: Progress): void {
  const statuses = [...handshakes].sort(([one], [other]) => one - other).map(([status, times]) => `${status}×${times}`);
  console.log(
    [
      `${Math.round(elapsedMs / 1000)} s`.padStart(7),
      `${open} open`.padStart(9),
      `handshakes ${statuses.join(' ')}`,
      `${messages} sent`,
      `${frames} received by who has left`,
      `${faults} faults`,
      `${memoryMb} MB`,
      `${violations.length} violations`,
    ].join('  '),
  );
}

function countEach(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}
