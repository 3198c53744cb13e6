import { matches, matchesArn } from './wildcards.ts';

/** A policy that is none, or one that cannot be obeyed in full here. Its message names the place. */
export class MalformedPolicy extends Error {
  constructor(path: string, sentence: string) {
    super(`${path}: ${sentence}`);
    this.name = 'MalformedPolicy';
  }
}

/** What is known of a request beside its action and resource, by the name of the condition key. */
export type Context = Readonly<Record<string, string | readonly string[] | undefined>>;

/** One line of a Condition block. */
export interface Condition {
  readonly key: string;
  /** @param given the values of its key in the request; undefined when it has none */
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
  // Which of the two says what an absent key means is not documented.
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
  // "If the key that you specify in a policy condition is not present in the request context, the values do not match": so a
  // negated operator holds. ForAnyValue finds no value that could meet it.
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
 * The condition keys whose value is known here, so that a policy that asks for another can be refused instead of being
 * decided wrongly. A request that lacks one of these lacks it in AWS too.
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

/** "Condition key names are not case-sensitive." @returns the key as we write it, or undefined when its value is not known */
function conditionKey(name: string): string | undefined {
  return byLowerCase.get(name.toLowerCase());
}

/**
 * "Multivalued context keys require a condition set operator": what is decided without one is not documented.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
 * @param key as we write it
 */
function isMultivalued(key: string): boolean {
  return key === 'dynamodb:LeadingKeys' || key === 'dynamodb:Attributes';
}
