import { describe, expect, it } from 'vitest';
import type { Template } from '../../../local/template/assembly.ts';
import { resolveStack } from '../../../local/template/stack.ts';

const resources: Template['Resources'] = {
  Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'WEBSOCKET' } },
  Role: { Type: 'AWS::IAM::Role', Properties: {} },
  Table: { Type: 'AWS::DynamoDB::Table', Properties: { TableName: 'named' } },
};

function resolve(template: Partial<Template>) {
  const whole = { ...template, Resources: { ...resources, ...template.Resources } };
  return resolveStack({ stackName: 'Chat', template: whole, assetFolder: () => undefined }, 'eu-west-1');
}

function output(Value: unknown, Conditions?: Record<string, unknown>) {
  return resolve({ Outputs: { It: { Value } }, ...(Conditions === undefined ? {} : { Conditions }) }).outputs['It'];
}

const variable = (name: string) => `$\{${name}}`;

describe('the template', () => {
  it.each([
    [{ Ref: 'Table' }, 'named'],
    [{ Ref: 'Role' }, 'Chat-Role'],
    [{ Ref: 'AWS::Region' }, 'eu-west-1'],
    [{ 'Fn::GetAtt': ['Role', 'Arn'] }, 'arn:aws:iam::123456789012:role/Chat-Role'],
    [{ 'Fn::GetAtt': 'Table.Arn' }, 'arn:aws:dynamodb:eu-west-1:123456789012:table/named'],
    [{ 'Fn::Join': ['-', ['a', { Ref: 'Table' }]] }, 'a-named'],
    [{ 'Fn::Sub': [`<${variable('name')}>`, { name: { Ref: 'Table' } }] }, '<named>'],
    [
      { 'Fn::Sub': `${variable('Table')}=${variable('Table.Arn')}` },
      'named=arn:aws:dynamodb:eu-west-1:123456789012:table/named',
    ],
    [{ 'Fn::Select': [1, { 'Fn::Split': ['/', 'a/b/c'] }] }, 'b'],
  ])('resolves %j', (value, expected) => {
    expect(output(value)).toEqual(expected);
  });

  it('resolves parameters to their defaults, and Fn::FindInMap', () => {
    const { outputs } = resolve({
      Parameters: { Tier: { Type: 'String', Default: 'gold' } },
      Mappings: { Limits: { gold: { sockets: 7 } } },
      Outputs: {
        Tier: { Value: { Ref: 'Tier' } },
        Sockets: { Value: { 'Fn::FindInMap': ['Limits', { Ref: 'Tier' }, 'sockets'] } },
        Encoded: { Value: { 'Fn::Base64': { Ref: 'Tier' } } },
      },
    });
    expect(outputs).toEqual({ Tier: 'gold', Sockets: '7', Encoded: 'Z29sZA==' });
  });

  it.each([
    [{ Type: 'String' }, 'Outputs.It: the parameter Tier has no value here'],
    [{ Type: 'AWS::SSM::Parameter::Value<String>', Default: '/a/name' }, 'Outputs.It: the parameter Tier has no value'],
  ])('rejects a reference to the parameter %j', (Tier, sentence) => {
    const Parameters = { Tier };
    expect(resolve({ Parameters }).outputs).toEqual({});
    expect(() => resolve({ Parameters, Outputs: { It: { Value: { Ref: 'Tier' } } } })).toThrow(sentence);
  });

  it('keeps an escaped substitution', () => {
    const pattern = `${variable('AWS::Region')} ${variable('!AWS::Region')}`;
    expect(output({ 'Fn::Sub': pattern })).toBe(`eu-west-1 ${variable('AWS::Region')}`);
  });

  it('has stable API ids of ten lower-case letters and digits', () => {
    const id = output({ Ref: 'Api' });
    expect(id).toMatch(/^[a-z0-9]{10}$/);
    expect(output({ Ref: 'Api' })).toBe(id);
    expect(output({ 'Fn::GetAtt': ['Api', 'ApiEndpoint'] })).toBe(`wss://${id}.execute-api.eu-west-1.amazonaws.com`);
  });

  it('applies conditions to values, resources and properties', () => {
    const Conditions = {
      IsHere: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'eu-west-1'] },
      IsNot: { 'Fn::Not': [{ Condition: 'IsHere' }] },
      Either: { 'Fn::Or': [{ Condition: 'IsNot' }, { Condition: 'IsHere' }] },
    };
    expect(output({ 'Fn::If': ['IsHere', 'yes', 'no'] }, Conditions)).toBe('yes');
    expect(output({ 'Fn::If': ['IsNot', 'yes', 'no'] }, Conditions)).toBe('no');
    expect(output({ 'Fn::If': ['Either', 'yes', 'no'] }, Conditions)).toBe('yes');
    const Log = { Type: 'AWS::Logs::LogGroup', Condition: 'IsNot' };
    expect(resolve({ Conditions, Resources: { Log } }).ofType('AWS::Logs::LogGroup')).toEqual([]);
    const Properties = { RoleName: { 'Fn::If': ['IsNot', 'x', { Ref: 'AWS::NoValue' }] } };
    const Role = { Type: 'AWS::IAM::Role', Properties };
    const [role] = resolve({ Conditions, Resources: { Role } }).ofType('AWS::IAM::Role');
    expect(role?.properties.value('RoleName')).toBeUndefined();
  });

  it.each([
    [{ 'Fn::ImportValue': 'x' }, 'Outputs.It: the intrinsic Fn::ImportValue is not known to the local cloud.'],
    [{ Ref: 'Nobody' }, 'Outputs.It: Ref to Nobody'],
    [{ 'Fn::GetAtt': ['Table', 'StreamArn'] }, 'Outputs.It: Table has no attribute StreamArn here.'],
    ['{{resolve:ssm:/x}}', 'Outputs.It: dynamic references'],
    [{ 'Fn::Sub': '{{resolve:ssm:/x}}' }, 'Outputs.It: dynamic references'],
    [{ 'Fn::Join': ['', ['{{', 'resolve:ssm:/x}}']] }, 'Outputs.It: dynamic references'],
    [{ 'Fn::If': ['Unknown', 1, 2] }, 'The template has no condition Unknown.'],
  ])('rejects %j with its path', (value, message) => {
    expect(() => output(value)).toThrow(message);
  });

  // A stage was called `Chat-Stage` in URLs and policies when its name came from a parameter.
  it('resolves names that refer to others, and generates missing names', () => {
    const name = { 'Fn::Sub': `${variable('AWS::StackName')}-${variable('Tier')}` };
    const nobody = { 'Fn::If': ['IsNever', 'x', { Ref: 'AWS::NoValue' }] };
    const { outputs } = resolve({
      Parameters: { Tier: { Type: 'String', Default: 'gold' }, Protocol: { Type: 'String', Default: 'WEBSOCKET' } },
      Conditions: { IsNever: { 'Fn::Equals': ['a', 'b'] } },
      Resources: {
        Stage: { Type: 'AWS::ApiGatewayV2::Stage', Properties: { StageName: { Ref: 'Tier' } } },
        Function: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: name } },
        Follower: { Type: 'AWS::IAM::Role', Properties: { RoleName: { 'Fn::Sub': `${variable('Function')}-role` } } },
        Unnamed: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: nobody } },
        Other: { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: { Ref: 'Protocol' } } },
      },
      Outputs: {
        Stage: { Value: { Ref: 'Stage' } },
        Function: { Value: { 'Fn::GetAtt': ['Function', 'Arn'] } },
        Follower: { Value: { Ref: 'Follower' } },
        Unnamed: { Value: { Ref: 'Unnamed' } },
        Endpoint: { Value: { 'Fn::GetAtt': ['Other', 'ApiEndpoint'] } },
      },
    });
    expect(outputs).toMatchObject({
      Stage: 'gold',
      Function: 'arn:aws:lambda:eu-west-1:123456789012:function:Chat-gold',
      Follower: 'Chat-gold-role',
      Unnamed: 'Chat-Unnamed',
      Endpoint: expect.stringMatching(/^wss:/),
    });
  });

  it('includes the path in ARNs of roles and managed policies', () => {
    const Path = '/service/';
    const { outputs } = resolve({
      Resources: {
        Worker: { Type: 'AWS::IAM::Role', Properties: { Path } },
        Managed: { Type: 'AWS::IAM::ManagedPolicy', Properties: { Path } },
      },
      Outputs: { Worker: { Value: { 'Fn::GetAtt': ['Worker', 'Arn'] } }, Managed: { Value: { Ref: 'Managed' } } },
    });
    expect(outputs).toEqual({
      Worker: 'arn:aws:iam::123456789012:role/service/Chat-Worker',
      Managed: 'arn:aws:iam::123456789012:policy/service/Chat-Managed',
    });
  });

  it('rejects a name that refers to itself', () => {
    const role = (other: string) => ({ Type: 'AWS::IAM::Role', Properties: { RoleName: { Ref: other } } });
    expect(() => resolve({ Resources: { One: role('Two'), Two: role('One') } })).toThrow('its name refers to itself');
  });

  it('resolves a conditional property to a value or removes it', () => {
    const Conditions = { IsHere: { 'Fn::Equals': ['a', 'a'] } };
    const nothing = { Ref: 'AWS::NoValue' };
    const Environment = { 'Fn::If': ['IsHere', { Variables: { TIER: 'gold' } }, nothing] };
    const VpcConfig = { 'Fn::If': ['IsHere', nothing, {}] };
    const It = { Type: 'AWS::Lambda::Function', Properties: { Environment, VpcConfig } };
    const [it] = resolve({ Conditions, Resources: { It } }).ofType('AWS::Lambda::Function');
    expect(it?.properties.value('Environment')).toEqual({ Variables: { TIER: 'gold' } });
  });

  it.each([
    ['AWS::Lambda::Function', { Environment: null }, 'It.Environment must be an object.'],
    ['AWS::SQS::Queue', {}, 'It: the local cloud cannot run AWS::SQS::Queue.'],
    ['AWS::Lambda::Function', { VpcConfig: {} }, 'It (AWS::Lambda::Function): the property VpcConfig is not emulated.'],
    ['AWS::Lambda::Function', { Code: { ZipFile: '' } }, 'the property Code.ZipFile is not emulated.'],
    ['AWS::DynamoDB::Table', { StreamSpecification: {} }, 'the property StreamSpecification is not emulated.'],
    ['constructor', {}, 'It: the local cloud cannot run constructor.'],
  ])('rejects unsupported resources: %s %j', (Type, Properties, message) => {
    expect(() => resolve({ Resources: { It: { Type, Properties } } })).toThrow(message);
  });

  it.each([
    ['Custom::LogRetention', { ServiceToken: 'arn', LogGroupName: 'its', RetentionInDays: 1 }],
    ['AWS::CloudWatch::Dashboard', { DashboardBody: '{}' }],
    ['AWS::ApplicationAutoScaling::ScalableTarget', { MaxCapacity: 5 }],
    ['AWS::DynamoDB::Table', { OnDemandThroughput: { MaxReadRequestUnits: 10 } }],
    ['AWS::Lambda::Function', { EphemeralStorage: { Size: 1024 }, RecursiveLoop: 'Terminate' }],
  ])('accepts resources with nothing to run: %s %j', (Type, Properties) => {
    const { outputs } = resolve({
      Resources: { It: { Type, Properties } },
      Outputs: { It: { Value: { Ref: 'It' } } },
    });
    expect(outputs['It']).toEqual(expect.any(String));
  });

  it('reports an unsupported type, also if another resource refers to it first', () => {
    const Environment = { Variables: { QUEUE: { 'Fn::GetAtt': ['Queue', 'Arn'] } } };
    const Worker = { Type: 'AWS::Lambda::Function', Properties: { Environment } };
    expect(() => resolve({ Resources: { Worker, Queue: { Type: 'AWS::SQS::Queue' } } })).toThrow(
      'Queue: the local cloud cannot run AWS::SQS::Queue.',
    );
  });
});
