import type { Context } from './conditions.ts';
import type { Patterns, Statement } from './policy.ts';
import { matches, matchesArn } from './wildcards.ts';

export type Decision = 'allow' | 'explicit deny' | 'no matching allow';

/** What is asked of a policy. */
export interface Question {
  readonly action: string;
  /** An ARN, or `*` for an action that is about no resource. */
  readonly resource: string;
  readonly context?: Context;
}

/**
 * An explicit Deny wins, an Allow must match, the default is Deny.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function evaluate(statements: readonly Statement[], question: Question): Decision {
  const action = question.action.toLowerCase();
  let decision: Decision = 'no matching allow';
  for (const statement of statements) {
    if (!applies(statement, action, question)) continue;
    if (statement.effect === 'Deny') return 'explicit deny';
    decision = 'allow';
  }
  return decision;
}

function applies({ actions, resources, conditions }: Statement, action: string, question: Question): boolean {
  if (!covers(actions, (pattern) => matches(pattern, action))) return false;
  if (!covers(resources, (pattern) => matchesArn(pattern, question.resource))) return false;
  return conditions.every(({ key, holds }) => {
    const value = question.context?.[key];
    return holds(typeof value === 'string' ? [value] : value);
  });
}

function covers({ patterns, areExcluded }: Patterns, isMatch: (pattern: string) => boolean): boolean {
  return patterns.some(isMatch) !== areExcluded;
}
