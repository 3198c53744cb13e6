import { text } from 'node:stream/consumers';
import { createPaint, wantsColour } from '../../local/command/terminal.ts';
import { createAsker } from './ask.ts';
import { examine } from './examine.ts';
import { doctorUsage, readDoctorOptions } from './options.ts';
import { nameOf } from './patient.ts';
import { createRedaction } from './redact.ts';
import { hasProblem, report, reportJson } from './report.ts';

/** For one question; the questions come in few rounds, so that the whole ends within two minutes whatever happens. */
const questionMs = 10_000;

/** `session-socket doctor`. @returns the exit code: 1 when there is a problem */
export async function runDoctor(args: readonly string[]): Promise<number> {
  const readInput = () => text(process.stdin);
  const options = await readDoctorOptions(args, { environment: process.env, readInput });
  if (options === 'help') {
    console.log(doctorUsage);
    return 0;
  }
  const { patient, isJson } = options;
  const asker = createAsker(questionMs);
  try {
    const results = await examine(patient, asker.ask);
    const redact = createRedaction(patient);
    const paint = createPaint(wantsColour(process.stdout, process.env));
    const name = nameOf(patient.url);
    console.log(redact(isJson ? reportJson(name, results) : report(name, results, paint)));
    return hasProblem(results) ? 1 : 0;
  } finally {
    asker.close();
  }
}
