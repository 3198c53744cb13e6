import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, it } from 'vitest';
import type { EngineKind } from '../../local/dynamodb/engine.ts';
import { type DynamoDbOptions, type LocalDynamoDb, startDynamoDb } from '../../local/dynamodb/server.ts';
import { checkJava } from '../../local/dynamodb/strict-engine.ts';
import { resolveStack } from '../../local/template/stack.ts';
import { needs } from '../needs.ts';

export interface RunningEngine {
  readonly dynamodb: LocalDynamoDb;
  readonly client: DynamoDBClient;
  close(): Promise<void>;
}

/** @param tables resources of a template */
export async function startEngine(options: DynamoDbOptions = {}, tables: object = {}): Promise<RunningEngine> {
  const template = { Resources: tables as Record<string, { Type: string; Properties: Record<string, unknown> }> };
  const stack = resolveStack({ stackName: 'Test', template, assetFolder: () => undefined }, 'eu-central-1');
  const dynamodb = await startDynamoDb(stack, options);
  const client = new DynamoDBClient({
    endpoint: dynamodb.endpoint,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  return {
    dynamodb,
    client,
    async close() {
      client.destroy();
      await dynamodb.close();
    },
  };
}

const missing = await checkJava();
export const hasJava = missing === undefined;
export const withJava = needs(
  missing === undefined ? undefined : { name: 'java', missing, packages: ['default-jre-headless'] },
);

/** Runs the suite on each engine of this machine. An engine that is missing is one skipped test. */
export function onEachEngine(suite: (kind: EngineKind) => void): void {
  describe('dynalite', () => suite('dynalite'));
  describe('DynamoDB Local', () => {
    if (hasJava) suite('strict');
    else it('is held to the same tests', withJava, () => undefined);
  });
}
