import type { Value } from './resolve.ts';
import type { Stack, StackResource } from './stack.ts';

/**
 * The DynamoDB tables of the stack. CDK's `TableV2` is a global table, which with one replica is a table like any other.
 * @throws for more replicas than one, and for what of a replica is not emulated, naming the path
 */
export function tablesOf(stack: Pick<Stack, 'ofType'>): readonly StackResource[] {
  const globalTables = stack.ofType('AWS::DynamoDB::GlobalTable');
  for (const { logicalId, properties } of globalTables) {
    const replicas = (properties.value('Replicas') ?? []) as readonly Record<string, Value>[];
    if (replicas.length > 1) throw new Error(`${logicalId}.Replicas: more than one replica is not emulated.`);
    const unknown = Object.keys(replicas[0] ?? {}).find((name) => !replicaSettings.includes(name));
    if (unknown !== undefined) throw new Error(`${logicalId}.Replicas[0]: the property ${unknown} is not emulated.`);
  }
  return [...stack.ofType('AWS::DynamoDB::Table'), ...globalTables];
}

/** None of them has a meaning on one machine. */
const replicaSettings = [
  'Region',
  'ContributorInsightsSpecification',
  'DeletionProtectionEnabled',
  'PointInTimeRecoverySpecification',
  'ReadOnDemandThroughputSettings',
  'SSESpecification',
  'TableClass',
  'Tags',
];
