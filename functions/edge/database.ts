import { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/**
 * DynamoDB, for as long as an environment lives. By default the SDK waits for ever, and a function that runs out of time undoes nothing,
 * tells nothing, and of one that answers frames API Gateway tells the client in a frame of its own.
 */
export function openDatabase(): DynamoDBClient {
  return new DynamoDBClient({
    requestHandler: { connectionTimeout: 1000, requestTimeout: 2000, throwOnRequestTimeout: true },
  });
}
