import type { Ask } from './ask.ts';
import { type Check, type Finding, notChecked } from './check.ts';
import { describeFailure, reachable } from './checks/reach.ts';
import { checks } from './checks.ts';
import { interview, type Unreached } from './interview.ts';
import type { Patient } from './patient.ts';

/** One line of what is printed. */
export interface Result extends Finding {
  readonly name: string;
  readonly question: string;
}

export async function examine(patient: Patient, ask: Ask): Promise<readonly Result[]> {
  const answers = await interview(patient, ask);
  const judge = (check: Check) => ('failure' in answers ? judgeUnreached(check, answers) : check.judge(answers));
  return checks.map((check) => ({ name: check.name, question: check.question, ...judge(check) }));
}

function judgeUnreached(check: Check, { failure }: Unreached): Finding {
  return check === reachable ? describeFailure(failure) : notChecked('it did not answer');
}
