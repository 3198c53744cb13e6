import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { Leave } from './core/channels/leave.ts';
import { type DisconnectEvent, readConnection } from './edge/socket-event.ts';
import type { Log } from './edge/telemetry.ts';

interface DisconnectParts {
  readonly leave: Leave;
  readonly log: Log;
}

/**
 * Removes a closed connection and its subscriptions. API Gateway calls it as best effort; otherwise a 410 reveals the
 * close.
 */
export function createDisconnect({ leave, log }: DisconnectParts) {
  return async (event: DisconnectEvent): Promise<APIGatewayProxyStructuredResultV2> => {
    // Only the end of a socket may remove its row, and a frame whose event is "$disconnect" is not one.
    if (event.requestContext.eventType !== 'DISCONNECT') return { statusCode: 403 };
    const { connectionId, disconnectStatusCode, disconnectReason } = event.requestContext;
    const connection = readConnection(event);
    // Without a principal the row's key is unknown; the row expires.
    if (connection !== undefined) await leave(connection);

    // The client chooses the reason, up to 123 bytes (https://www.rfc-editor.org/rfc/rfc6455#section-5.5).
    const closed = { code: disconnectStatusCode, reason: disconnectReason };
    log('info', 'disconnected', { connectionId, principalId: connection?.principalId, ...closed }, { Disconnected: 1 });
    return { statusCode: 200 };
  };
}
