import fc from 'fast-check';
import { openTicket } from '../functions/core/handshake/ticket.ts';
import { deriveCredentials } from '../functions/core/keys/credentials.ts';
import { isRefusal } from '../functions/core/refusal.ts';
import { contents, createSealer } from '../test/fakes/ticket.ts';
import { mutationsOf } from '../test/fakes/ticket-mutations.ts';
import type { Bench } from './bench.ts';
import { type Figure, figure } from './figure.ts';
import { spread } from './statistics.ts';

const rounds = 21;
const perRound = 2000;
const now = 1790000000;

/** The time to seal and to open a ticket, and whether any of many mutated tickets opens. */
export async function measureTickets(bench: Bench): Promise<Figure[]> {
  const credentials = deriveCredentials({ appId: 'demo-app', key: 'demo-key', secret: 'not for production' });
  const seal = createSealer(credentials);
  const inside = contents(now, { i: { userId: '42', userInfo: { name: 'Ann' } } });
  const ticket = seal(inside);

  bench.step(`sealing and opening, ${rounds} rounds of ${perRound}`);
  const [sealed, opened]: [number[], number[]] = [[], []];
  for (let round = 0; round <= rounds; round += 1) {
    const times = [timeEach(() => seal(inside)), timeEach(() => openTicket(ticket, credentials, now))] as const;
    // The first round warms up.
    if (round > 0) [sealed, opened].forEach((all, index) => void all.push(times[index] ?? Number.NaN));
  }

  bench.step(`${bench.mutations} mutations`);
  const outcomes = mutate(ticket, seal(contents(now, { s: 'another' })), bench.mutations);
  return [
    figure('tickets/seal', spread(sealed), { unit: 'µs', limit: 20 }),
    figure('tickets/open', spread(opened), { unit: 'µs', limit: 20 }),
    figure('tickets/mutations', outcomes.mutated, { unit: 'tickets', better: 'higher' }),
    figure('tickets/mutations-with-right-form', outcomes.tagged, { unit: 'tickets', better: 'higher' }),
    figure('tickets/opened', outcomes.opened, { unit: 'tickets', limit: 0 }),
    figure('tickets/crashed', outcomes.crashed, { unit: 'tickets', limit: 0 }),
  ];

  function mutate(mine: string, other: string, count: number) {
    const seen = { mutated: 0, tagged: 0, opened: 0, crashed: 0 };
    fc.assert(
      fc.property(mutationsOf(mine, other), (mutated) => {
        if (mutated === mine || mutated === other) return;
        seen.mutated += 1;
        try {
          const outcome = openTicket(mutated, credentials, now);
          if (!isRefusal(outcome)) seen.opened += 1;
          else if (outcome.refused === 'unreadable-ticket') seen.tagged += 1;
        } catch {
          seen.crashed += 1;
        }
      }),
      { numRuns: count },
    );
    return seen;
  }
}

/** The average of a round, in microseconds. */
function timeEach(work: () => unknown): number {
  const start = performance.now();
  for (let call = 0; call < perRound; call += 1) work();
  return ((performance.now() - start) * 1000) / perRound;
}
