import { describe, expect, it } from 'vitest';
import { tablesOf } from '../../../local/dynamodb/tables.ts';
import type { Resource } from '../../../local/template/assembly.ts';
import { resolveStack } from '../../../local/template/stack.ts';

/** As CDK's `TableV2` writes it. */
function globalTable(replicas: readonly object[]): Resource {
  return {
    Type: 'AWS::DynamoDB::GlobalTable',
    Properties: {
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      Replicas: replicas,
    },
  };
}

function tablesIn(Resources: Record<string, Resource>) {
  const template = { Resources };
  return tablesOf(resolveStack({ stackName: 'Shop', template, assetFolder: () => undefined }, 'eu-west-1'));
}

describe('a global table', () => {
  it('with one replica is a table', () => {
    const [table] = tablesIn({ Orders: globalTable([{ Region: 'eu-west-1', DeletionProtectionEnabled: true }]) });
    expect(table?.ref).toBe('Shop-Orders');
    expect(table?.attribute('Arn')).toBe('arn:aws:dynamodb:eu-west-1:123456789012:table/Shop-Orders');
  });

  it('with several replicas, or with an unsupported replica setting, is rejected', () => {
    expect(() => tablesIn({ Orders: globalTable([{ Region: 'eu-west-1' }, { Region: 'us-east-1' }]) })).toThrow(
      'Orders.Replicas: more than one replica is not emulated.',
    );
    expect(() => tablesIn({ Orders: globalTable([{ KinesisStreamSpecification: {} }]) })).toThrow(
      'Orders.Replicas[0]: the property KinesisStreamSpecification is not emulated.',
    );
  });
});
