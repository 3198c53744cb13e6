import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';

export function createDynamoDbClient(): DynamoDBClient {
  return new DynamoDBClient(clientTimeouts(2000));
}

/** A long timeout, because an event that was accepted but not answered in time is queued, and handled, twice. */
export function createLambdaClient(): LambdaClient {
  return new LambdaClient(clientTimeouts(5000));
}

/**
 * How long a client waits for an answer before it retries. By default the SDK waits forever. A function that times out
 * neither cleans up nor logs anything. API Gateway then sends its own error frame to a client.
 */
function clientTimeouts(requestTimeout: number) {
  return { requestHandler: { connectionTimeout: 1000, requestTimeout, throwOnRequestTimeout: true } };
}
