import { BatchWriteItemCommand, DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';

const dynamodb = new DynamoDBClient({});
const { TABLE, INDEX } = process.env;

/** For `leave` and for `$disconnect`: wherever this connection was, it is no more. */
export const handler = async ({ requestContext: { connectionId } }) => {
  const { Items = [] } = await dynamodb.send(
    new QueryCommand({
      TableName: TABLE,
      IndexName: INDEX,
      KeyConditionExpression: 'connectionId = :id',
      ExpressionAttributeValues: { ':id': { S: connectionId } },
    }),
  );
  const deletes = Items.map(({ auction }) => ({
    DeleteRequest: { Key: { auction, connectionId: { S: connectionId } } },
  }));
  if (deletes.length > 0) await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [TABLE]: deletes } }));
  return { statusCode: 200, body: JSON.stringify({ left: deletes.length }) };
};
