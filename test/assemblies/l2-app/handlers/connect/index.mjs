import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';

const dynamodb = new DynamoDBClient({});

export const handler = async ({ requestContext: { connectionId } }) => {
  const Item = { connectionId: { S: connectionId } };
  await dynamodb.send(new PutItemCommand({ TableName: process.env.TABLE, Item }));
  return { statusCode: 200 };
};
