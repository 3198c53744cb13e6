import type { Ask } from './ask.ts';
import { type Check, type Finding, notChecked } from './check.ts';
import { contentType, keepAlive, responseTime, size } from './checks/answer.ts';
import { cache, cookieAttributes, cors, otherSites } from './checks/browser.ts';
import { clock, mode, signature, signedRejection } from './checks/gateway.ts';
import { describeFailure, encrypted, findForeignAnswer, inFront, reachable, redirect } from './checks/reach.ts';
import { expiry, lock, phpIni, rotation, sentCookies, session, untouched } from './checks/session.ts';
import { inventedId, stranger, strangersSession } from './checks/strangers.ts';
import { type Answers, collectAnswers, type UnreachableTarget } from './collect-answers.ts';
import type { Target } from './target.ts';

/** One printed line. */
export interface Result extends Finding {
  readonly name: string;
  readonly question: string;
}

/** In the order in which they are printed. */
const checks: readonly Check[] = [
  reachable,
  encrypted,
  inFront,
  redirect,
  stranger,
  contentType,
  size,
  responseTime,
  keepAlive,
  inventedId,
  strangersSession,
  cache,
  cors,
  otherSites,
  cookieAttributes,
  clock,
  signature,
  signedRejection,
  mode,
  session,
  sentCookies,
  untouched,
  lock,
  phpIni,
  expiry,
  rotation,
];

export async function examine(target: Target, ask: Ask): Promise<readonly Result[]> {
  const answers = await collectAnswers(target, ask);
  const judge = (check: Check) =>
    'failure' in answers ? judgeUnreached(check, answers) : judgeReached(check, answers);
  return checks.map((check) => ({ name: check.name, question: check.question, ...judge(check) }));
}

/** If something in front of the route answers, that is one problem, not one per check. */
function judgeReached(check: Check, answers: Answers): Finding {
  const isServerCheck = [reachable, encrypted, inFront, clock].includes(check);
  if (isServerCheck || findForeignAnswer(answers) === undefined) return check.judge(answers);
  return notChecked('the route itself did not answer');
}

function judgeUnreached(check: Check, { failure }: UnreachableTarget): Finding {
  return check === reachable ? describeFailure(failure) : notChecked('the URL did not answer');
}
