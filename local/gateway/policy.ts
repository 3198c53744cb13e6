/** What an authorizer's policy says about one method ARN. */
export type PolicyDecision = 'allow' | 'explicit deny' | 'no matching allow' | 'malformed';

type Json = { readonly [key: string]: unknown };

/**
 * IAM's evaluation, for the one action there is: an explicit Deny wins, an Allow must match, the default is Deny.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function evaluatePolicy(document: unknown, methodArn: string): PolicyDecision {
  if (!isObject(document)) return 'malformed';
  const statements = Array.isArray(document.Statement) ? document.Statement : [document.Statement];
  let decision: PolicyDecision = 'no matching allow';
  for (const statement of statements) {
    if (!isObject(statement)) return 'malformed';
    const { Effect, Action, Resource, ...others } = statement;
    const actions = asTexts(Action);
    const resources = asTexts(Resource);
    if (actions === undefined || resources === undefined) return 'malformed';
    if (Effect !== 'Allow' && Effect !== 'Deny') return 'malformed';
    // Conditions and the Not… forms are not emulated; to ignore one would open what AWS keeps shut.
    if (Object.keys(others).some((name) => name !== 'Sid')) return 'malformed';

    const coversAction = actions.some((pattern) => matches(pattern.toLowerCase(), 'execute-api:invoke'));
    const coversMethod = resources.some((pattern) => matchesArn(pattern, methodArn));
    if (!coversAction || !coversMethod) continue;
    if (Effect === 'Deny') return 'explicit deny';
    decision = 'allow';
  }
  return decision;
}

/** Part by part, so that a wildcard in the region does not swallow the account. */
function matchesArn(pattern: string, arn: string): boolean {
  if (pattern === '*') return true;
  const patterns = splitArn(pattern);
  return splitArn(arn).every((part, index) => matches(patterns[index] ?? '', part));
}

function splitArn(arn: string): readonly string[] {
  const parts = arn.split(':');
  return [...parts.slice(0, 5), parts.slice(5).join(':')];
}

/** `*` stands for any characters, `?` for one. Two pointers instead of a regular expression: it cannot be made slow. */
function matches(pattern: string, text: string): boolean {
  let at = 0;
  let star = -1;
  let resumeAt = 0;
  for (let index = 0; index < text.length; ) {
    if (pattern[at] === '*') {
      star = at;
      at += 1;
      resumeAt = index;
    } else if (pattern[at] === '?' || pattern[at] === text[index]) {
      at += 1;
      index += 1;
    } else if (star >= 0) {
      at = star + 1;
      resumeAt += 1;
      index = resumeAt;
    } else {
      return false;
    }
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}

function asTexts(value: unknown): readonly string[] | undefined {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const texts = list.filter((each) => typeof each === 'string');
  return texts.length === list.length && texts.length > 0 ? texts : undefined;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
