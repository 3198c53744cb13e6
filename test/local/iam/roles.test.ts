import { describe, expect, it } from 'vitest';
import { createIam } from '../../../local/iam/iam.ts';
import { readRoles } from '../../../local/iam/roles.ts';
import { resolveStack } from '../../../local/template/stack.ts';

type Resources = Record<string, { Type: string; Properties: Record<string, unknown> }>;

const put = { Effect: 'Allow', Action: 'dynamodb:PutItem', Resource: '*' };
const trust = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } };

function stackOf(Resources: Resources) {
  // A template is JSON, so undefined properties are removed.
  const template = JSON.parse(JSON.stringify({ Resources })) as { Resources: Resources };
  return resolveStack({ stackName: 'Chat', template, assetFolder: () => undefined }, 'us-east-1');
}

function document(...Statement: unknown[]) {
  return { Version: '2012-10-17', Statement };
}

function role(properties: Record<string, unknown> = {}, ...statements: unknown[]): Resources[string] {
  return { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: document(...statements), ...properties } };
}

function inline(statement: object) {
  return { Policies: [{ PolicyName: 'own', PolicyDocument: document(statement) }] };
}

function start(Resources: Resources) {
  const Properties = { Role: { 'Fn::GetAtt': ['WorkerRole', 'Arn'] } };
  return createIam(stackOf({ ...Resources, Worker: { Type: 'AWS::Lambda::Function', Properties } }), Date);
}

describe('a role', () => {
  it('has the statements of its inline, attached and managed policies', () => {
    const PolicyDocument = document({ ...put, Action: 'dynamodb:GetItem' });
    const managed = document({ ...put, Action: 'dynamodb:Query' });
    const ManagedPolicyArns = [
      'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole',
      { Ref: 'ManagedByArn' },
    ];
    const roles = readRoles(
      stackOf({
        WorkerRole: role({ ...inline(put), ManagedPolicyArns }),
        OtherRole: role(),
        Attached: { Type: 'AWS::IAM::Policy', Properties: { PolicyDocument, Roles: [{ Ref: 'WorkerRole' }] } },
        ManagedByArn: { Type: 'AWS::IAM::ManagedPolicy', Properties: { PolicyDocument: managed } },
        ManagedByRole: {
          Type: 'AWS::IAM::ManagedPolicy',
          Properties: { PolicyDocument: managed, Roles: [{ Ref: 'WorkerRole' }] },
        },
      }),
    );
    const actionsOf = (name: string) =>
      roles.get(`arn:aws:iam::123456789012:role/Chat-${name}`)?.statements.map(({ writtenActions }) => writtenActions);
    expect(actionsOf('WorkerRole')).toEqual([
      ['dynamodb:PutItem'],
      ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
      ['dynamodb:Query'],
      ['dynamodb:GetItem'],
      ['dynamodb:Query'],
    ]);
    expect(actionsOf('OtherRole')).toEqual([]);
  });

  const at = 'WorkerRole.Policies[0].PolicyDocument.Statement[0]';
  it.each<[string, Record<string, unknown>, string]>([
    [
      'an unknown managed policy',
      { ManagedPolicyArns: ['arn:aws:iam::aws:policy/AmazonS3FullAccess'] },
      'WorkerRole.ManagedPolicyArns[0]: the managed policy arn:aws:iam::aws:policy/AmazonS3FullAccess is not known here.',
    ],
    [
      'a permissions boundary',
      { PermissionsBoundary: 'arn:aws:iam::aws:policy/PowerUserAccess' },
      'WorkerRole (AWS::IAM::Role): the property PermissionsBoundary is not emulated.',
    ],
    [
      'an unknown part of a policy',
      { Policies: [{ PolicyName: 'own', PolicyDocument: document(put), Other: 1 }] },
      'WorkerRole.Policies[0]: the property Other is not emulated.',
    ],
    ['no document', { Policies: [{ PolicyName: 'own' }] }, 'PolicyDocument: is not a policy document.'],
    ['a statement that is not an object', inline([]), `${at}: is not a statement.`],
    ['no effect', inline({ ...put, Effect: undefined }), `${at}.Effect: must be Allow or Deny.`],
    ['no resource', inline({ ...put, Resource: undefined }), `${at}: must have either Resource or NotResource.`],
    ['two kinds of actions', inline({ ...put, NotAction: 'a:b' }), `${at}: must have either Action or NotAction.`],
    ['a principal', inline({ ...put, Principal: '*' }), `${at}.Principal: is not emulated.`],
    [
      'a policy variable',
      inline({ ...put, Resource: `arn:aws:dynamodb:*:*:table/\${aws:username}` }),
      `${at}.Resource: has the policy variable`,
    ],
    [
      'an incomplete ARN in NotResource',
      inline({ ...put, Resource: undefined, NotResource: 'arn:aws:s3' }),
      `${at}.NotResource: the incomplete ARN arn:aws:s3 is not emulated.`,
    ],
    [
      'an unknown condition operator',
      inline({ ...put, Condition: { IpAddress: { 'aws:PrincipalArn': '10.0.0.0/8' } } }),
      `${at}.Condition.IpAddress.aws:PrincipalArn: the condition operator IpAddress is not emulated.`,
    ],
    [
      'an operator whose meaning is not documented',
      inline({ ...put, Condition: { 'ForAnyValue:StringEqualsIfExists': { 'dynamodb:LeadingKeys': 'a' } } }),
      'the condition operator ForAnyValue:StringEqualsIfExists is not emulated.',
    ],
    [
      'a multivalued key without a set operator',
      inline({ ...put, Condition: { StringEquals: { 'dynamodb:LeadingKeys': 'mine' } } }),
      `${at}.Condition.StringEquals.dynamodb:LeadingKeys: dynamodb:LeadingKeys has many values: it needs ForAllValues or ForAnyValue.`,
    ],
    [
      'an unknown condition key',
      inline({ ...put, Condition: { StringEquals: { 'aws:PrincipalTag/team': 'a' } } }),
      `${at}.Condition.StringEquals.aws:PrincipalTag/team: the condition key aws:PrincipalTag/team is not emulated.`,
    ],
    [
      'an invalid number',
      inline({ ...put, Condition: { NumericEquals: { 'dynamodb:Select': 'many' } } }),
      `${at}.Condition.NumericEquals.dynamodb:Select: must be a number.`,
    ],
  ])('with %s is rejected with the path', (_, properties, sentence) => {
    expect(() => start({ WorkerRole: role(properties, trust) })).toThrow(sentence);
  });

  it('may have conditions on actions of services that are not emulated', () => {
    const decrypt = {
      Effect: 'Allow',
      Action: 'kms:Decrypt',
      Resource: '*',
      Condition: { StringEquals: { 'kms:ViaService': 'secretsmanager.us-east-1.amazonaws.com' } },
    };
    expect(() => start({ WorkerRole: role(inline(decrypt), trust) })).not.toThrow();
  });

  it('must belong to this stack and trust Lambda', () => {
    const sentence = 'Worker.Role: The role defined for the function cannot be assumed by Lambda. (WorkerRole)';
    const other = { ...trust, Principal: { Service: ['apigateway.amazonaws.com'] } };
    const federated = { ...trust, Principal: { Federated: 'x' }, Condition: { StringEquals: { 'a:b': 'c' } } };
    expect(() => start({ WorkerRole: role({}, other, federated) })).toThrow(sentence);
    expect(() => start({ WorkerRole: role({}, { ...trust, Action: 'sts:TagSession' }) })).toThrow(sentence);
    expect(() => start({ WorkerRole: role({}, trust, { ...trust, Effect: 'Deny' }) })).toThrow(sentence);
    expect(() => start({ WorkerRole: role({}, other, trust) })).not.toThrow();
    const Properties = { Role: 'arn:aws:iam::123456789012:role/elsewhere' };
    expect(() => createIam(stackOf({ Worker: { Type: 'AWS::Lambda::Function', Properties } }), Date)).toThrow(
      'Worker.Role: arn:aws:iam::123456789012:role/elsewhere is not a role of this stack, so its permissions are unknown.',
    );
  });

  it('with a condition in its trust policy is rejected with the path', () => {
    const conditional = { ...trust, Condition: { StringEquals: { 'aws:SourceAccount': '123456789012' } } };
    expect(() => start({ WorkerRole: role({}, conditional) })).toThrow(
      'WorkerRole.AssumeRolePolicyDocument.Statement[0].Condition: is not emulated.',
    );
  });
});

describe('the permission to invoke a function', () => {
  const source = 'arn:aws:execute-api:us-east-1:123456789012:abcdef1234';
  const gateway = { service: 'apigateway.amazonaws.com', sourceAccount: '123456789012' };
  const workerArn = 'arn:aws:lambda:us-east-1:123456789012:function:Chat-Worker';

  function permissions(properties: Record<string, unknown>, more: Resources = {}) {
    const Properties = {
      Action: 'lambda:InvokeFunction',
      FunctionName: { 'Fn::GetAtt': ['Worker', 'Arn'] },
      Principal: 'apigateway.amazonaws.com',
      ...properties,
    };
    const Permission = { Type: 'AWS::Lambda::Permission', Properties };
    return start({ WorkerRole: role({}, trust), ...more, Permission }).invocations;
  }

  it.each<[string, Record<string, unknown>, string, boolean]>([
    ['its route as CDK writes it', { SourceArn: `${source}/*$connect` }, '/prod/$connect', true],
    ['its route with a slash', { SourceArn: `${source}/*/$connect` }, '/prod/$connect', true],
    ['another route', { SourceArn: `${source}/*$connect` }, '/prod/$default', false],
    ['its authorizer', { SourceArn: `${source}/authorizers/a1b2c3` }, '/authorizers/a1b2c3', true],
    ['another authorizer', { SourceArn: `${source}/authorizers/a1b2c3` }, '/authorizers/d4e5f6', false],
    ['another API', { SourceArn: `${source}/*`.replace('abcdef', 'zyxwvu') }, '/prod/$connect', false],
    ['no source at all', {}, '/prod/$connect', true],
    ['its own account', { SourceAccount: '123456789012' }, '/prod/$connect', true],
    ['another account', { SourceAccount: '999999999999' }, '/prod/$connect', false],
    ['another service', { Principal: 'events.amazonaws.com' }, '/prod/$connect', false],
    ['everybody', { Principal: '*', Action: 'lambda:*', FunctionName: { Ref: 'Worker' } }, '/prod/$connect', true],
  ])('is granted to API Gateway, or not, by a permission for %s', (_, properties, path, isAllowed) => {
    const { mayInvoke } = permissions(properties);
    expect(mayInvoke({ ...gateway, sourceArn: source + path }, workerArn)).toBe(isAllowed);
    expect(mayInvoke({ ...gateway, sourceArn: source + path }, `${workerArn}2`)).toBe(false);
  });

  it.each([
    ['Action', 'lambda:GetFunction', 'Permission.Action: the action lambda:GetFunction is not emulated'],
    ['Principal', 'arn:aws:iam::123456789012:role/x', 'Permission.Principal: the principal arn:aws:iam'],
    ['FunctionName', 'Nobody', 'Permission.FunctionName: Nobody is not a function of this stack.'],
  ])('is rejected with the path if its %s is %s', (name, value, sentence) => {
    expect(() => permissions({ [name]: value })).toThrow(sentence);
  });

  it('can come from a role that API Gateway assumes', () => {
    const invoke = inline({ Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: `${workerArn}` });
    const byGateway = { ...trust, Principal: { Service: 'apigateway.amazonaws.com' } };
    const { mayAssumeAndInvoke } = permissions(
      {},
      { Good: role(invoke, byGateway), Idle: role({}, byGateway), Untrusting: role(invoke, trust) },
    );
    const may = (name: string, target = workerArn) =>
      mayAssumeAndInvoke('apigateway.amazonaws.com', `arn:aws:iam::123456789012:role/Chat-${name}`, target);
    expect(may('Good')).toBe(true);
    expect(may('Good', `${workerArn}2`)).toBe(false);
    expect(['Idle', 'Untrusting', 'Nobody'].map((name) => may(name))).toEqual([false, false, false]);
  });
});
