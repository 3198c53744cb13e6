import { type Condition, type Context, MalformedPolicy, matches, matchesArn, readCondition } from './conditions.ts';

/** One parsed statement of a policy. */
export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  /** Lower-case: actions are not case-sensitive. */
  readonly actions: Patterns;
  /** The actions in the policy's spelling. */
  readonly writtenActions: readonly string[];
  readonly resources: Patterns;
  /** All of them must hold. */
  readonly conditions: readonly Condition[];
}

export interface Patterns {
  readonly patterns: readonly string[];
  /** The Not… form: everything but these. */
  readonly areExcluded: boolean;
}

export type Json = { readonly [key: string]: unknown };

const elements = ['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition'];
// docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
const versions: readonly unknown[] = [undefined, '2012-10-17', '2008-10-17'];

/**
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 * @param path the document's name in errors
 * @param known the allowed elements of a statement
 * @throws MalformedPolicy for an invalid policy, or one that is not emulated
 */
export function readPolicy(document: unknown, path: string, known: readonly string[] = elements): readonly Statement[] {
  return readStatements(document, path).map(([statement, at]) => readStatement(statement, at, known));
}

/** @returns each statement with its path */
export function readStatements(document: unknown, path: string): readonly (readonly [statement: Json, path: string])[] {
  if (!isObject(document)) throw new MalformedPolicy(path, 'is not a policy document.');
  if (!versions.includes(document['Version']))
    throw new MalformedPolicy(`${path}.Version`, 'is not a valid policy version.');
  const statements: readonly unknown[] = Array.isArray(document['Statement'])
    ? document['Statement']
    : [document['Statement']];
  return statements.map((statement, index) => {
    const at = `${path}.Statement[${index}]`;
    if (!isObject(statement)) throw new MalformedPolicy(at, 'is not a statement.');
    return [statement, at];
  });
}

function readStatement(statement: Json, path: string, known: readonly string[]): Statement {
  const unknown = Object.keys(statement).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new MalformedPolicy(`${path}.${unknown}`, 'is not emulated.');
  const { patterns, areExcluded } = readPatterns(statement, 'Action', path);
  const actions = { patterns: patterns.map((pattern) => pattern.toLowerCase()), areExcluded };
  return {
    effect: readEffect(statement, path),
    actions,
    writtenActions: patterns,
    resources: completeArns(readPatterns(statement, 'Resource', path), path),
    conditions: matchesEmulatedService(actions) ? readConditions(statement['Condition'], `${path}.Condition`) : [],
  };
}

export function readEffect({ Effect }: Json, path: string): 'Allow' | 'Deny' {
  if (Effect !== 'Allow' && Effect !== 'Deny') throw new MalformedPolicy(`${path}.Effect`, 'must be Allow or Deny.');
  return Effect;
}

function readPatterns(statement: Json, name: 'Action' | 'Resource', path: string): Patterns {
  const not = `Not${name}`;
  const areExcluded = statement[not] !== undefined;
  if (areExcluded === (statement[name] !== undefined)) {
    throw new MalformedPolicy(path, `must have either ${name} or ${not}.`);
  }
  const key = areExcluded ? not : name;
  return { patterns: readTexts(statement[key], `${path}.${key}`), areExcluded };
}

/**
 * "If you specify an incomplete ARN, AWS automatically completes the ARN by adding wildcard characters (*) to all missing
 * fields": docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html. AWS does not document
 * NotResource.
 */
function completeArns({ patterns, areExcluded }: Patterns, path: string): Patterns {
  const complete = (pattern: string) => {
    const missing = pattern.startsWith('arn:') ? 6 - pattern.split(':').length : 0;
    if (missing <= 0) return pattern;
    if (areExcluded) throw new MalformedPolicy(`${path}.NotResource`, `the incomplete ARN ${pattern} is not emulated.`);
    return pattern + ':*'.repeat(missing);
  };
  return { patterns: patterns.map(complete), areExcluded };
}

/** A string or a list of strings. Policy variables such as `${aws:…}` are not emulated. */
export function readTexts(value: unknown, path: string): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const texts = list.filter((each) => typeof each === 'string');
  if (texts.length < list.length || texts.length === 0) {
    throw new MalformedPolicy(path, 'must be a string or a list of strings.');
  }
  const variable = texts.find((text) => text.includes('${'));
  if (variable !== undefined)
    throw new MalformedPolicy(path, `has the policy variable ${variable}. Policy variables are not emulated.`);
  return texts;
}

/** The emulated services, by their IAM prefix. */
export const ownServices = ['dynamodb', 'lambda', 'secretsmanager', 'execute-api'] as const;

export type OwnService = (typeof ownServices)[number];

/** Whether the patterns can match an action of an emulated service. Statements about other services are never used. */
export function matchesEmulatedService({ patterns, areExcluded }: Patterns): boolean {
  if (areExcluded) return true;
  return patterns.some((pattern) => ownServices.some((service) => matches(pattern.split(':')[0] ?? '', service)));
}

function readConditions(value: unknown, path: string): readonly Condition[] {
  if (value === undefined) return [];
  if (!isObject(value)) throw new MalformedPolicy(path, 'must be an object.');
  return Object.entries(value).flatMap(([operator, keys]) => {
    if (!isObject(keys)) throw new MalformedPolicy(`${path}.${operator}`, 'must be an object.');
    return Object.entries(keys).map(([key, wanted]) => {
      const list: readonly unknown[] = Array.isArray(wanted) ? wanted : [wanted];
      const scalars = list.map((each) => (typeof each === 'number' || typeof each === 'boolean' ? String(each) : each));
      const at = `${path}.${operator}.${key}`;
      return readCondition(operator, key, readTexts(scalars, at), at);
    });
  });
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export type Decision = 'allow' | 'explicit deny' | 'no matching allow';

/** The input of a policy decision. */
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
