/** `npm run chaos`: exits with 1 after any violation. */
import { exitCodeOf, readOptions, UsageError } from '../local/command/arguments.ts';
import { type Progress, runChaos } from './run.ts';

const usage = `An app on the local cloud, many clients that behave badly, and faults, for as long as you like.

  npm run chaos -- [options]

  --minutes N   how long                     (default 30)
  --clients N   how many at a time           (default 200)
  --seed N      repeats the same decisions   (default any)
  --help        this text

Exits with 1 after any violation.
`;

process.exitCode = await exitCodeOf(async () => {
  const values = readOptions(process.argv.slice(2), {
    minutes: { type: 'string', default: '30' },
    clients: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 1e6) },
    help: { type: 'boolean', default: false },
  });
  if (!values.help) return run(Number(values.minutes), Number(values.clients), Number(values.seed));
  console.log(usage);
  return 0;
});

/** @returns the exit code */
async function run(minutes: number, clients: number, seed: number): Promise<number> {
  if (!(minutes > 0 && Number.isInteger(clients) && clients > 0 && Number.isInteger(seed))) {
    throw new UsageError('--minutes must be a number, --clients and --seed whole numbers, all of them at least 0.');
  }
  console.log(`chaos: ${minutes} min, ${clients} clients, --seed ${seed}`);
  const report = await runChaos({ durationMs: minutes * 60_000, clients, seed, onProgress: print });
  print(report);
  console.log(
    `${report.survivors} connections lived to the end; ${report.rows} rows then, ${report.rowsAfterwards} after their time`,
  );
  for (const [violation, times] of countEach(report.violations)) console.log(`violation (${times}×): ${violation}`);
  console.log(report.violations.length === 0 ? 'chaos survived' : `chaos: ${report.violations.length} violations`);
  return report.violations.length === 0 ? 0 : 1;
}

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
