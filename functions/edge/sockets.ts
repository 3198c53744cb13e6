import {
  ApiGatewayManagementApiClient,
  GoneException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import type { SocketSender } from '../core/socket-sender.ts';

/** Open sockets through API Gateway's @connections. `callbackUrl` ends with the stage. */
export function createSockets(callbackUrl: string): SocketSender {
  const client = new ApiGatewayManagementApiClient({ endpoint: callbackUrl });
  return {
    async post(connectionId, frame) {
      try {
        await client.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: Buffer.from(frame) }));
        return 'delivered';
      } catch (error) {
        if (error instanceof GoneException) return 'gone';
        throw error;
      }
    },
  };
}
