import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';

export function createDynamoDbClient(): DynamoDBClient {
  return new DynamoDBClient(clientTimeouts(2000));
}

/** Patient, because an event that was taken but not answered in time is queued again, and done twice. */
export function createLambdaClient(): LambdaClient {
  return new LambdaClient(clientTimeouts(5000));
}

/**
 * How long a client waits for an answer before it tries again. By default the SDK waits for ever, and a function that runs out
 * of time undoes nothing, tells nothing, and of one that answers frames API Gateway tells the client in a frame of its own.
 */
function clientTimeouts(requestTimeout: number) {
  return { requestHandler: { connectionTimeout: 1000, requestTimeout, throwOnRequestTimeout: true } };
}
