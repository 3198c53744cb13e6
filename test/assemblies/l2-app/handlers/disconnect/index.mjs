import { DeleteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';

const dynamodb = new DynamoDBClient({});

export const handler = async ({ requestContext: { connectionId } }) => {
  const Key = { connectionId: { S: connectionId } };
  await dynamodb.send(new DeleteItemCommand({ TableName: process.env.TABLE, Key }));
  return { statusCode: 200 };
};
