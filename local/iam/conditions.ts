/** An invalid policy, or one that cannot be fully emulated. The message has the path. */
export class MalformedPolicy extends Error {
  constructor(path: string, sentence: string) {
    super(`${path}: ${sentence}`);
    this.name = 'MalformedPolicy';
  }
}

/** The condition keys of a request and their values. */
export type Context = Readonly<Record<string, string | readonly string[] | undefined>>;

/** One line of a Condition block. */
export interface Condition {
  readonly key: string;
  /** @param given the key's values in the request; undefined if it has none */
  holds(given: readonly string[] | undefined): boolean;
}

type Test = (given: string, wanted: string) => boolean;

// docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
const tests: Readonly<Record<string, Test>> = {
  StringEquals: (given, wanted) => given === wanted,
  StringEqualsIgnoreCase: (given, wanted) => given.toLowerCase() === wanted.toLowerCase(),
  StringLike: (given, wanted) => matches(wanted, given),
  ArnEquals: isLikeArn,
  ArnLike: isLikeArn,
  Bool: (given, wanted) => given.toLowerCase() === wanted.toLowerCase(),
  NumericEquals: (given, wanted) => Number(given) === Number(wanted),
  NumericLessThan: (given, wanted) => Number(given) < Number(wanted),
  NumericLessThanEquals: (given, wanted) => Number(given) <= Number(wanted),
  NumericGreaterThan: (given, wanted) => Number(given) > Number(wanted),
  NumericGreaterThanEquals: (given, wanted) => Number(given) >= Number(wanted),
};

const negations: Readonly<Record<string, string>> = {
  StringNotEquals: 'StringEquals',
  StringNotEqualsIgnoreCase: 'StringEqualsIgnoreCase',
  StringNotLike: 'StringLike',
  ArnNotEquals: 'ArnEquals',
  ArnNotLike: 'ArnLike',
  NumericNotEquals: 'NumericEquals',
};

/** @throws MalformedPolicy for an operator or a key that is not emulated */
export function readCondition(operator: string, key: string, wanted: readonly string[], path: string): Condition {
  const known = conditionKey(key);
  if (known === undefined) throw new MalformedPolicy(path, `the condition key ${key} is not emulated.`);
  if (operator === 'Null') {
    return { key: known, holds: (given) => wanted.some((each) => (each === 'true') === (given === undefined)) };
  }

  const [, qualifier, name = '', ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(operator) ?? [];
  const positive = own(negations, name) ?? name;
  const isNegated = positive !== name;
  const test = own(tests, positive);
  // AWS does not document which of the two decides for an absent key.
  const isUnclear = qualifier === 'ForAnyValue' && ifExists !== undefined;
  if (test === undefined || isUnclear) {
    throw new MalformedPolicy(path, `the condition operator ${operator} is not emulated.`);
  }
  if (qualifier === undefined && isMultivalued(known)) {
    throw new MalformedPolicy(path, `${known} has many values: it needs ForAllValues or ForAnyValue.`);
  }
  if (name.startsWith('Numeric') && wanted.some((each) => Number.isNaN(Number(each)))) {
    throw new MalformedPolicy(path, 'must be a number.');
  }

  const isMet = (given: string) => wanted.some((each) => test(given, each)) !== isNegated;
  if (qualifier === 'ForAllValues') return { key: known, holds: (given) => given?.every(isMet) ?? true };
  // "If the key that you specify in a policy condition is not present in the request context, the values do not match", so a
  // negated operator matches. ForAnyValue has no value to match.
  const whenAbsent = ifExists !== undefined || (qualifier === undefined && isNegated);
  return { key: known, holds: (given) => given?.some(isMet) ?? whenAbsent };
}

function isLikeArn(given: string, wanted: string): boolean {
  return matchesArn(wanted, given);
}

function own<Value>(table: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/**
 * The condition keys that the local cloud knows. Policies with other keys are rejected, because the decision could be
 * wrong. If a request lacks one of these keys, it also lacks it in AWS.
 */
const conditionKeys = [
  // docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
  'aws:PrincipalAccount',
  'aws:PrincipalArn',
  'aws:PrincipalIsAWSService',
  'aws:PrincipalType',
  'aws:RequestedRegion',
  'aws:ResourceAccount',
  'aws:SecureTransport',
  'aws:userid',
  'aws:ViaAWSService',
  // docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
  'lambda:SourceFunctionArn',
  // docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
  'dynamodb:Attributes',
  'dynamodb:EnclosingOperation',
  'dynamodb:LeadingKeys',
  'dynamodb:ReturnConsumedCapacity',
  'dynamodb:ReturnValues',
  'dynamodb:Select',
  // docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
  'secretsmanager:SecretId',
  'secretsmanager:VersionId',
  'secretsmanager:VersionStage',
];

const byLowerCase = new Map(conditionKeys.map((key) => [key.toLowerCase(), key]));

/** "Condition key names are not case-sensitive." @returns the key in our spelling, or undefined for an unknown key */
function conditionKey(name: string): string | undefined {
  return byLowerCase.get(name.toLowerCase());
}

/**
 * "Multivalued context keys require a condition set operator". AWS does not document the decision without one.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
 * @param key in our spelling
 */
function isMultivalued(key: string): boolean {
  return key === 'dynamodb:LeadingKeys' || key === 'dynamodb:Attributes';
}

/** `*` matches any characters, `?` one. Uses two pointers instead of a regular expression, so no input can make it slow. */
export function matches(pattern: string, text: string): boolean {
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

/**
 * Matches each part, so that a wildcard in the region cannot match the account: "each of the six colon-delimited components
 * of the ARN is checked separately", docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
export function matchesArn(pattern: string, arn: string): boolean {
  if (pattern === '*') return true;
  const patterns = splitArn(pattern);
  const parts = splitArn(arn);
  return patterns.length === parts.length && parts.every((part, index) => matches(patterns[index] ?? '', part));
}

function splitArn(arn: string): readonly string[] {
  const parts = arn.split(':');
  return parts.length <= 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(':')];
}
