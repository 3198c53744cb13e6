import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import type { RunningApp } from './start-assembly.ts';

export type Row = Readonly<Record<string, string | number | undefined>>;

/** What is in a table of the app, as plain values of its texts and numbers. */
export async function rowsOf({ cloud }: RunningApp, table: string): Promise<readonly Row[]> {
  const dynamodb = new DynamoDBClient({
    endpoint: cloud.dynamodbEndpoint,
    region: 'us-east-1',
    credentials: cloud.credentials,
  });
  try {
    const { Items = [] } = await dynamodb.send(
      new ScanCommand({ TableName: cloud.tables[table], ConsistentRead: true }),
    );
    return Items.map((item) =>
      Object.fromEntries(
        Object.entries(item).map(([name, { S, N }]) => [name, N === undefined ? S : Number(N)] as const),
      ),
    );
  } finally {
    dynamodb.destroy();
  }
}
