import { describe, expect, it } from 'vitest';
import { createDynamoDbNeeds } from '../../../local/iam/dynamodb-needs.ts';
import { resolveStack } from '../../../local/template/stack.ts';

const Rows = {
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    TableName: 'rows',
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    GlobalSecondaryIndexes: [{ IndexName: 'byUser', KeySchema: [{ AttributeName: 'user', KeyType: 'HASH' }] }],
  },
};
const assembly = { stackName: 'Chat', template: { Resources: { Rows } }, assetFolder: () => undefined };
const tables = resolveStack(assembly, 'us-east-1').ofType('AWS::DynamoDB::Table');
const needsOf = createDynamoDbNeeds(tables, { region: 'us-east-1', accountId: '123456789012' });
const arn = 'arn:aws:dynamodb:us-east-1:123456789012:table/';
const s = (S: string) => ({ S });

function written(operation: string, input: unknown): readonly string[] {
  return needsOf(operation, input).map(({ action, resource }) => `${action} ${resource.replace(arn, '')}`);
}

describe('a call needs', () => {
  it.each<[string, string, unknown, readonly string[]]>([
    ['its action on its table', 'PutItem', { TableName: 'rows' }, ['dynamodb:PutItem rows']],
    ['the same of a table that is named by its ARN', 'GetItem', { TableName: `${arn}rows` }, ['dynamodb:GetItem rows']],
    ['a query on its index', 'Query', { TableName: 'rows', IndexName: 'byUser' }, ['dynamodb:Query rows/index/byUser']],
    ['a scan on its table', 'Scan', { TableName: 'rows' }, ['dynamodb:Scan rows']],
    [
      'a batch on each of its tables',
      'BatchWriteItem',
      { RequestItems: { rows: [], others: [] } },
      ['dynamodb:BatchWriteItem rows', 'dynamodb:BatchWriteItem others'],
    ],
    [
      'a transaction for each of its elements',
      'TransactWriteItems',
      {
        TransactItems: [
          { Put: { TableName: 'rows' } },
          { Update: { TableName: 'rows' } },
          { Delete: { TableName: 'others' } },
          { ConditionCheck: { TableName: 'others' } },
        ],
      },
      [
        'dynamodb:PutItem rows',
        'dynamodb:UpdateItem rows',
        'dynamodb:DeleteItem others',
        'dynamodb:ConditionCheckItem others',
      ],
    ],
    [
      'a reading transaction as well',
      'TransactGetItems',
      { TransactItems: [{ Get: { TableName: 'rows' } }] },
      ['dynamodb:GetItem rows'],
    ],
    ['a list of tables on everything', 'ListTables', {}, ['dynamodb:ListTables *']],
    ['what is not known here on everything', 'ExecuteStatement', {}, ['dynamodb:ExecuteStatement *']],
    [
      'the tags of what it names',
      'ListTagsOfResource',
      { ResourceArn: `${arn}rows` },
      ['dynamodb:ListTagsOfResource rows'],
    ],
    ['nothing when it names no table', 'PutItem', {}, []],
    ['nothing when it is none', 'TransactWriteItems', { TransactItems: [null, { Put: 7 }, { Other: {} }] }, []],
  ])('%s', (_, operation, input, needs) => {
    expect(written(operation, input)).toEqual(needs);
  });
});

describe('the context of a call', () => {
  const contextOf = (operation: string, input: object) =>
    needsOf(operation, { TableName: 'rows', ...input }).map(({ context }) => context)[0];

  it.each<[string, string, object, readonly string[] | undefined]>([
    ['an item', 'PutItem', { Item: { pk: s('a'), sk: s('b') } }, ['a']],
    ['a key', 'GetItem', { Key: { pk: { N: '7' } } }, ['7']],
    [
      'an expression',
      'Query',
      { KeyConditionExpression: 'pk = :v', ExpressionAttributeValues: { ':v': s('a') } },
      ['a'],
    ],
    [
      'an expression with a name for the key',
      'Query',
      {
        KeyConditionExpression: 'sk > :from AND #k=:v',
        ExpressionAttributeNames: { '#k': 'pk' },
        ExpressionAttributeValues: { ':v': s('a'), ':from': s('b') },
      },
      ['a'],
    ],
    [
      'an expression the other way round',
      'Query',
      { KeyConditionExpression: ':v = pk', ExpressionAttributeValues: { ':v': s('a') } },
      ['a'],
    ],
    [
      'an index',
      'Query',
      {
        IndexName: 'byUser',
        KeyConditionExpression: '(user = :u)',
        ExpressionAttributeValues: { ':u': s('42') },
      },
      ['42'],
    ],
    ['old conditions', 'Query', { KeyConditions: { pk: { AttributeValueList: [s('a')] } } }, ['a']],
    ['no key', 'Scan', {}, undefined],
  ])('has the partition keys of %s', (_, operation, input, keys) => {
    expect(contextOf(operation, input)?.['dynamodb:LeadingKeys']).toEqual(keys);
  });

  it('has the partition keys of all items of a batch', () => {
    const keys = (operation: string, items: unknown) =>
      needsOf(operation, { RequestItems: { rows: items } })[0]?.context?.['dynamodb:LeadingKeys'];
    expect(keys('BatchGetItem', { Keys: [{ pk: s('a') }, { pk: s('b') }] })).toEqual(['a', 'b']);
    const writes = [{ PutRequest: { Item: { pk: s('a') } } }, { DeleteRequest: { Key: { pk: s('b') } } }];
    expect(keys('BatchWriteItem', writes)).toEqual(['a', 'b']);
  });

  /** A hundred thousand characters once blocked the event loop for seconds. */
  it('is found fast, also for a very long name', () => {
    const before = process.cpuUsage();
    const context = contextOf('Scan', { FilterExpression: `${'a'.repeat(100_000)}(b)` });
    expect(context?.['dynamodb:Attributes']).toEqual(['b']);
    const microseconds = process.cpuUsage(before).user;
    expect(microseconds).toBeLessThan(1_000_000);
  });

  it('has the top-level attributes of the call, and its select and return values', () => {
    const context = contextOf('UpdateItem', {
      Key: { pk: s('a'), sk: s('b') },
      UpdateExpression: 'SET #n = if_not_exists(seen.count, :zero), tags[0] = :t REMOVE old',
      ConditionExpression: 'attribute_exists (pk) AND NOT size(body) BETWEEN :a AND :b',
      ExpressionAttributeNames: { '#n': 'name' },
      ReturnValues: 'ALL_NEW',
    });
    expect(new Set(context?.['dynamodb:Attributes'])).toEqual(
      new Set(['pk', 'sk', 'name', 'seen', 'tags', 'old', 'body']),
    );
    expect(context).toMatchObject({ 'dynamodb:ReturnValues': 'ALL_NEW' });
    expect(contextOf('Scan', { Select: 'COUNT' })).toEqual({ 'dynamodb:Select': 'COUNT' });
    expect(needsOf('TransactGetItems', { TransactItems: [{ Get: { TableName: 'rows' } }] })[0]?.context).toEqual({
      'dynamodb:EnclosingOperation': 'TransactGetItems',
    });
  });
});
