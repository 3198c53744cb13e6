import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { connectionIdOf } from '../../functions/core/connections/connection.ts';
import { type Listener, type Publishing, startPublishing } from '../gateway/publishing.ts';

/** Sockets on one channel whose rows are so large that twelve fill a page, so that few sockets take several workers. */
export interface Crowd extends Publishing {
  readonly channel: string;
  readonly clients: readonly Listener[];
  publish(event: string, exceptSocketId?: string): Promise<void>;
}

/** DynamoDB reads 1 MB at a time. */
const filler = 'x'.repeat(90_000);

export async function startCrowd(size: number): Promise<Crowd> {
  const gateway = await startPublishing({ revalidate: 'false' });
  const channel = 'news';
  const { dynamodbEndpoint: endpoint, region, credentials, tables } = gateway.cloud;
  const dynamodb = new DynamoDBClient({ endpoint, region, credentials });
  const TableName = Object.entries(tables).find(([id]) => id.includes('Subscriptions'))?.[1];
  const clients: Listener[] = [];
  for (let n = 0; n < size; n += 1) {
    const opened = await gateway.listen([channel]);
    const Key = { channel: { S: channel }, connectionId: { S: connectionIdOf(opened.socketId) ?? '' } };
    const [UpdateExpression, ExpressionAttributeValues] = ['SET filler = :filler', { ':filler': { S: filler } }];
    await dynamodb.send(new UpdateItemCommand({ TableName, Key, UpdateExpression, ExpressionAttributeValues }));
    clients.push(opened);
  }
  return {
    ...gateway,
    channel,
    clients,
    async publish(event, exceptSocketId) {
      const except = exceptSocketId === undefined ? {} : { socket_id: exceptSocketId };
      const body = JSON.stringify({ name: event, channel, data: '{}', ...except });
      const answer = await gateway.ask('POST', '/events', { body, time: gateway.cloud.clock.now() / 1000 });
      if (!answer.ok) throw new Error(`The HTTP API answered ${answer.status}.`);
    },
    async close() {
      dynamodb.destroy();
      for (const { client } of clients) await client.close();
      await gateway.close();
    },
  };
}

/** Resolves when a socket has heard an event. */
export async function hears({ client }: Listener, event: string): Promise<void> {
  await client.find((frame) => JSON.parse(frame).event === event);
}

export function timesHeard({ client }: Listener, event: string): number {
  return client.frames.filter((frame) => JSON.parse(frame).event === event).length;
}
