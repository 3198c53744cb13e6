import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Chat, startChat } from '../assemblies/start-chat.ts';

let chat: Chat;

/** The worker may put rows, and read those of one partition. */
beforeAll(async () => {
  chat = await startChat({
    change({ Resources }) {
      const Resource = { 'Fn::GetAtt': ['Table', 'Arn'] };
      const Condition = { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['mine'] } };
      const Statement = [
        { Effect: 'Allow', Action: 'dynamodb:PutItem', Resource },
        { Effect: 'Allow', Action: 'dynamodb:GetItem', Resource, Condition },
      ];
      const PolicyDocument = { Version: '2012-10-17', Statement };
      Object.assign(Resources['WorkerRole']?.Properties ?? {}, { Policies: [{ PolicyName: 'own', PolicyDocument }] });
    },
  });
});
afterAll(() => chat.close());

async function call(operation: string, input: object): Promise<{ readonly status: number; readonly body: string }> {
  const headers = {
    'Content-Type': 'application/x-amz-json-1.0',
    'X-Amz-Target': `DynamoDB_20120810.${operation}`,
  };
  const body = { TableName: chat.cloud.tables['Table'], ...input };
  const result = await chat.cloud.functions['Worker']?.invoke({ action: 'call', service: 'DYNAMODB', headers, body });
  return JSON.parse(result?.payload ?? '{}');
}

const pk = (S: string) => ({ pk: { S } });

describe('DynamoDB', () => {
  it('performs the actions that the policy of a function’s role allows', async () => {
    expect(await call('PutItem', { Item: pk('mine') })).toMatchObject({ status: 200 });
    expect(await call('GetItem', { Key: pk('mine') })).toMatchObject({
      status: 200,
      body: '{"Item":{"pk":{"S":"mine"}}}',
    });
  });

  it.each<[string, string, object, string]>([
    ['another action', 'Scan', {}, 'dynamodb:Scan'],
    ["somebody else's rows", 'GetItem', { Key: pk('theirs') }, 'dynamodb:GetItem'],
    [
      'one element of a transaction',
      'TransactWriteItems',
      {
        TransactItems: [
          { Put: { TableName: 'Chat-Table', Item: pk('one') } },
          { Delete: { TableName: 'Chat-Table', Key: pk('mine') } },
        ],
      },
      'dynamodb:DeleteItem',
    ],
  ])('rejects %s as AWS does', async (_, operation, input, action) => {
    const { status, body } = await call(operation, input);
    expect(status).toBe(400);
    expect(JSON.parse(body)).toEqual({
      __type: 'com.amazon.coral.service#AccessDeniedException',
      Message: `User: arn:aws:sts::123456789012:assumed-role/Chat-WorkerRole/Chat-Worker is not authorized to perform: ${action} on resource: arn:aws:dynamodb:us-east-1:123456789012:table/Chat-Table because no identity-based policy allows the ${action} action`,
    });
  });
});
