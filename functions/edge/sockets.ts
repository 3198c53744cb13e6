import {
  ApiGatewayManagementApiClient,
  GoneException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import type { SocketSender } from '../core/socket-sender.ts';

/** Milliseconds. The SDK waits for ever by default, and one post that hangs would hold up a whole broadcast. */
const patience = { connectionTimeout: 1000, requestTimeout: 5000, throwOnRequestTimeout: true };

/** Open sockets through API Gateway's @connections. `callbackUrl` ends with the stage. */
export function createSockets(callbackUrl: string): SocketSender {
  const client = new ApiGatewayManagementApiClient({ endpoint: callbackUrl, requestHandler: patience });
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
