import type { Ask } from './ask.ts';
import { type Check, type Finding, notChecked } from './check.ts';
import { clock } from './checks/gateway.ts';
import { findOther, inFront } from './checks/in-front.ts';
import { describeFailure, encrypted, reachable } from './checks/reach.ts';
import { checks } from './checks.ts';
import { type Answers, interview, type Unreached } from './interview.ts';
import type { Patient } from './patient.ts';

/** One line of what is printed. */
export interface Result extends Finding {
  readonly name: string;
  readonly question: string;
}

export async function examine(patient: Patient, ask: Ask): Promise<readonly Result[]> {
  const answers = await interview(patient, ask);
  const judge = (check: Check) =>
    'failure' in answers ? judgeUnreached(check, answers) : judgeReached(check, answers);
  return checks.map((check) => ({ name: check.name, question: check.question, ...judge(check) }));
}

/** Where something else answers, it is one problem and not one for each check. */
function judgeReached(check: Check, answers: Answers): Finding {
  const isOfTheServer = [reachable, encrypted, inFront, clock].includes(check);
  if (isOfTheServer || findOther(answers) === undefined) return check.judge(answers);
  return notChecked('the route itself did not answer');
}

function judgeUnreached(check: Check, { failure }: Unreached): Finding {
  return check === reachable ? describeFailure(failure) : notChecked('it did not answer');
}
