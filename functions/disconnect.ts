import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { ConnectionRegistry } from './core/connection-registry.ts';
import { systemClock } from './edge/clock.ts';
import { createConnectionRows } from './edge/connection-rows.ts';
import { read } from './edge/environment.ts';
import { type DisconnectEvent, readConnection } from './edge/gateway.ts';
import { createTelemetry, type Telemetry } from './edge/telemetry.ts';

interface Dependencies {
  readonly registry: ConnectionRegistry;
  readonly telemetry: Telemetry;
}

/** Forgets a connection that has closed. API Gateway runs it as best effort, so others find out by a 410. */
export function createDisconnect({ registry, telemetry }: Dependencies) {
  return async (event: DisconnectEvent): Promise<APIGatewayProxyStructuredResultV2> => {
    const { connectionId, disconnectStatusCode, disconnectReason } = event.requestContext;
    const connection = readConnection(event);
    // Without a principal the row has no known key; it goes at its expiry.
    if (connection !== undefined) await registry.leave(connection);

    telemetry.log('info', 'disconnected', {
      connectionId,
      principalId: connection?.principalId,
      code: disconnectStatusCode,
      // The client chooses it, up to 123 bytes (https://www.rfc-editor.org/rfc/rfc6455#section-5.5).
      reason: disconnectReason,
    });
    telemetry.count({ Disconnected: 1 });
    return { statusCode: 200 };
  };
}

export const handler = createDisconnect({
  registry: createConnectionRows(read('CONNECTIONS_TABLE'), new DynamoDBClient({}), systemClock),
  telemetry: createTelemetry(),
});
