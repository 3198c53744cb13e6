import { runSimulation } from '@cloud-copilot/iam-simulate';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Decision, evaluate, type Question, readPolicy } from '../../../local/iam/policy.ts';

const accountId = '123456789012';

interface Kind {
  readonly service: string;
  /** The part of the ARN that no wildcard may be in, by docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html */
  readonly type: string;
  readonly names: readonly string[];
}

const tables: Kind = { service: 'dynamodb', type: 'table/', names: ['rows', 'others', 'rows/index/byUser'] };
const functions: Kind = { service: 'lambda', type: 'function:', names: ['deliver', 'deliver:live', 'tick'] };
const secrets: Kind = { service: 'secretsmanager', type: 'secret:', names: ['credentials-a1b2c3', 'other-d4e5f6'] };
const connections: Kind = {
  service: 'execute-api',
  type: 'abcdef1234/',
  names: ['live/POST/@connections/L0SM9cOFvHcCIhw=', 'live/DELETE/@connections/L0SM9cOFvHcCIhw='],
};
const kinds = [tables, functions, secrets, connections];

/** The actions that the local cloud checks. */
const asked = {
  'dynamodb:PutItem': tables,
  'dynamodb:GetItem': tables,
  'dynamodb:ConditionCheckItem': tables,
  'dynamodb:Query': tables,
  'dynamodb:Scan': tables,
  'lambda:InvokeFunction': functions,
  'secretsmanager:GetSecretValue': secrets,
  'execute-api:ManageConnections': connections,
};
const everyAction = Object.keys(asked) as (keyof typeof asked)[];

/** The text, sometimes with a part replaced by a wildcard. */
function blurred(text: string): fc.Arbitrary<string> {
  const at = fc.nat({ max: text.length });
  const piece = fc.tuple(at, at, fc.constantFrom('*', '*', '?', '')).map(([one, other, wildcard]) => {
    const [from, to] = one < other ? [one, other] : [other, one];
    return text.slice(0, from) + wildcard + text.slice(to);
  });
  return fc.oneof(fc.constant(text), piece);
}

const actionPattern = fc.oneof(
  fc.constantFrom(...everyAction).chain((action) => {
    const [service = '', name = ''] = action.split(':');
    return blurred(name).map((pattern) => `${service}:${pattern === '' ? '*' : pattern}`);
  }),
  fc.constantFrom(...everyAction).map((action) => action.toUpperCase()),
  fc.constantFrom('*', 'dynamodb:*', 's3:Get*'),
);
const resourcePattern = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...kinds).chain(arnPattern) },
  { weight: 1, arbitrary: fc.constant('*') },
);
const incompleteArn = fc.constantFrom('arn:aws:dynamodb:*', 'arn:aws:lambda', 'arn:aws:*:us-*');

function arnPattern({ service, type, names }: Kind): fc.Arbitrary<string> {
  const name = fc.constantFrom(...names).chain(blurred);
  return fc
    .tuple(blurred('us-east-1'), blurred(accountId), name)
    .map(([region, account, rest]) => `arn:aws:${service}:${region}:${account}:${type}${rest}`);
}

const strings = ['rows', 'user:42', 'user:43', 'admin'];
const stringPattern = fc.oneof(fc.constantFrom(...strings), fc.constantFrom(...strings).chain(blurred));
const roleArn = `arn:aws:iam::${accountId}:role/Worker`;
const conditions = fc.oneof(
  condition(
    ['StringEquals', 'StringNotEquals', 'StringEqualsIgnoreCase', 'StringNotEqualsIgnoreCase'],
    ['dynamodb:ReturnValues', 'DYNAMODB:select', 'secretsmanager:VersionStage'],
    stringPattern,
  ),
  condition(['StringLike', 'StringNotLike'], ['dynamodb:Select', 'aws:PrincipalAccount'], stringPattern),
  condition(
    ['ForAllValues:StringEquals', 'ForAllValues:StringLike', 'ForAllValues:StringNotEquals'],
    ['dynamodb:LeadingKeys', 'dynamodb:Attributes'],
    stringPattern,
  ),
  condition(['ForAnyValue:StringEquals', 'ForAnyValue:StringNotLike'], ['dynamodb:LeadingKeys'], stringPattern, ['']),
  condition(
    ['ArnEquals', 'ArnLike', 'ArnNotEquals', 'ArnNotLike'],
    ['aws:PrincipalArn'],
    blurred(`${accountId}:role/Worker`).map((rest) => `arn:aws:iam::${rest}`),
  ),
  condition(['Bool'], ['aws:SecureTransport'], fc.constantFrom('true', 'false', 'TRUE')),
  condition(['Null'], ['dynamodb:LeadingKeys', 'aws:PrincipalArn'], fc.constantFrom('true', 'false'), ['']),
);

function condition(
  operators: readonly string[],
  keys: readonly string[],
  value: fc.Arbitrary<string>,
  suffixes = ['', 'IfExists'],
): fc.Arbitrary<object> {
  const values = fc.oneof(value, fc.array(value, { minLength: 1, maxLength: 3 }));
  return fc
    .tuple(fc.constantFrom(...operators), fc.constantFrom(...suffixes), fc.constantFrom(...keys), values)
    .map(([operator, suffix, key, wanted]) => ({ [operator + suffix]: { [key]: wanted } }));
}

const someOf = (pattern: fc.Arbitrary<string>) => fc.oneof(pattern, fc.array(pattern, { minLength: 1, maxLength: 3 }));
const statement = fc
  .record({
    Effect: fc.constantFrom('Allow', 'Allow', 'Deny'),
    action: fc.tuple(fc.constantFrom('Action', 'Action', 'Action', 'NotAction'), someOf(actionPattern)),
    resource: fc.oneof(
      { weight: 4, arbitrary: fc.tuple(fc.constant('Resource'), someOf(resourcePattern)) },
      { weight: 1, arbitrary: fc.tuple(fc.constant('Resource'), incompleteArn) },
      { weight: 1, arbitrary: fc.tuple(fc.constant('NotResource'), someOf(resourcePattern)) },
    ),
    Condition: fc.option(conditions, { nil: undefined, freq: 2 }),
  })
  .map(({ Effect, action, resource, Condition }) => ({
    Effect,
    [action[0]]: action[1],
    [resource[0]]: resource[1],
    ...(Condition === undefined ? {} : { Condition }),
  }));
const policy = fc.record({
  Version: fc.constant('2012-10-17'),
  Statement: fc.array(statement, { minLength: 1, maxLength: 4 }),
});

const lists = fc.option(fc.array(fc.constantFrom(...strings), { minLength: 1, maxLength: 3 }), { nil: undefined });
const text = fc.option(fc.constantFrom(...strings), { nil: undefined });
const question = fc
  .constantFrom(...everyAction)
  .chain((action) =>
    fc.record({
      action: fc.constant(action),
      resource: resourceFor(action),
      context: fc.record({
        'aws:PrincipalArn': fc.constant(roleArn),
        'aws:PrincipalAccount': fc.constant(accountId),
        'aws:SecureTransport': fc.constant('true'),
        ...(action.startsWith('dynamodb:')
          ? { 'dynamodb:LeadingKeys': lists, 'dynamodb:Attributes': lists, 'dynamodb:Select': text }
          : {}),
        ...(action.startsWith('secretsmanager:') ? { 'secretsmanager:VersionStage': text } : {}),
      }),
    }),
  )
  .map(({ context, ...rest }) => ({ ...rest, context: defined(context) }));

/** Only queries and scans use an index. */
function resourceFor(action: keyof typeof asked): fc.Arbitrary<string> {
  const { service, type, names } = asked[action];
  const fitting = names.filter((name) => !name.includes('/index/') || action === 'dynamodb:Query');
  return fc.constantFrom(...fitting).map((name) => `arn:aws:${service}:us-east-1:${accountId}:${type}${name}`);
}

function defined<Value>(context: Readonly<Record<string, Value | undefined>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(context).filter(([, value]) => value !== undefined)) as Record<
    string,
    Value
  >;
}

/** @returns the simulator's decision, with the context keys that the action has in AWS */
async function simulatedDecision(document: object, { action, resource, context = {} }: Question) {
  const everything = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
  const answer = await runSimulation(
    {
      request: {
        principal: `arn:aws:sts::${accountId}:assumed-role/Worker/Chat-Worker`,
        action,
        resource: { resource, accountId },
        contextVariables: context as Record<string, string | string[]>,
      },
      identityPolicies: [{ name: 'Policy', policy: document }],
      serviceControlPolicies: [{ orgIdentifier: 'o-1', policies: [{ name: 'All', policy: everything }] }],
      resourceControlPolicies: [],
    },
    {},
  );
  if (answer.resultType !== 'single')
    throw new Error(`The simulator cannot decide ${JSON.stringify({ document, action })}`);
  return { decision: answer.overallResult, ignored: answer.result.ignoredContextKeys ?? [] };
}

const simulatorNames: Record<Decision, string> = {
  allow: 'Allowed',
  'explicit deny': 'ExplicitlyDenied',
  'no matching allow': 'ImplicitlyDenied',
};

async function compare(document: object, asking: Question): Promise<Decision> {
  const { decision, ignored } = await simulatedDecision(document, asking);
  const context = Object.fromEntries(Object.entries(asking.context ?? {}).filter(([key]) => !ignored.includes(key)));
  const ours = evaluate(readPolicy(document, 'Policy'), { ...asking, context });
  expect(simulatorNames[ours]).toBe(decision);
  return ours;
}

const arn = (service: string, rest: string) => `arn:aws:${service}:us-east-1:${accountId}:${rest}`;
const table = arn('dynamodb', 'table/rows');
const post = arn('execute-api', 'abcdef1234/live/POST/@connections/L0SM9cOFvHcCIhw=');

/** CDK's policy for a function that may put rows, query an index, post to sockets and invoke one other function. */
const granted = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: 'dynamodb:PutItem', Resource: table },
    { Effect: 'Allow', Action: ['dynamodb:Query', 'dynamodb:Scan'], Resource: [table, `${table}/index/*`] },
    {
      Effect: 'Allow',
      Action: 'execute-api:ManageConnections',
      Resource: arn('execute-api', 'abcdef1234/live/POST/@connections/*'),
    },
    { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: arn('lambda', 'function:deliver') },
    { Effect: 'Deny', Action: 'dynamodb:*', Resource: arn('dynamodb', 'table/secrets') },
    {
      Effect: 'Allow',
      Action: 'dynamodb:GetItem',
      Resource: table,
      Condition: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['user:42'] } },
    },
  ],
};

describe('our decisions and those of @cloud-copilot/iam-simulate', () => {
  it.each<[string, Question, Decision]>([
    ['a put that is granted', { action: 'dynamodb:PutItem', resource: table }, 'allow'],
    ['a delete that is not', { action: 'dynamodb:DeleteItem', resource: table }, 'no matching allow'],
    [
      'a put into another table',
      { action: 'dynamodb:PutItem', resource: arn('dynamodb', 'table/others') },
      'no matching allow',
    ],
    ['a query of an index', { action: 'dynamodb:Query', resource: `${table}/index/byUser` }, 'allow'],
    [
      'a put that is denied',
      { action: 'dynamodb:PutItem', resource: arn('dynamodb', 'table/secrets') },
      'explicit deny',
    ],
    ['a post to a socket', { action: 'execute-api:ManageConnections', resource: post }, 'allow'],
    [
      'a delete of a socket',
      { action: 'execute-api:ManageConnections', resource: post.replace('POST', 'DELETE') },
      'no matching allow',
    ],
    [
      'a post to a socket of another API',
      { action: 'execute-api:ManageConnections', resource: post.replace('abcdef1234', 'zyxwvu9876') },
      'no matching allow',
    ],
    [
      'the start of a function',
      { action: 'lambda:InvokeFunction', resource: arn('lambda', 'function:deliver') },
      'allow',
    ],
    [
      'the start of another',
      { action: 'lambda:InvokeFunction', resource: arn('lambda', 'function:tick') },
      'no matching allow',
    ],
    [
      'a get of the own rows',
      { action: 'dynamodb:GetItem', resource: table, context: { 'dynamodb:LeadingKeys': ['user:42'] } },
      'allow',
    ],
    [
      "a get of somebody else's rows",
      { action: 'dynamodb:GetItem', resource: table, context: { 'dynamodb:LeadingKeys': ['user:42', 'user:43'] } },
      'no matching allow',
    ],
  ])('are the same for %s', async (_, asking, decision) => {
    expect(await compare(granted, asking)).toBe(decision);
  });

  it('are the same for random policies and requests', async () => {
    const seen = new Set<Decision>();
    await fc.assert(
      fc.asyncProperty(policy, question, async (document, asking) => {
        seen.add(await compare(document, asking));
      }),
      { numRuns: 300 },
    );
    expect([...seen].sort()).toEqual(Object.keys(simulatorNames).sort());
  }, 20_000);
});
