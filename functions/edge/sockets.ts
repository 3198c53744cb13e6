import {
  ApiGatewayManagementApiClient,
  ApiGatewayManagementApiServiceException,
  DeleteConnectionCommand,
  GoneException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { type SocketSender, SocketTrouble } from '../core/socket-sender.ts';

export interface PostSettings {
  /** Tries in all. A post that was taken but not answered in time is repeated too, so more than one may say it twice. */
  readonly maxAttempts: number;
  /** Milliseconds for each try. The SDK waits for ever by default, and one post that hangs would hold up a broadcast. */
  readonly timeoutMs: number;
}

/** Open sockets through API Gateway's @connections. `callbackUrl` ends with the stage. */
export function createSockets(callbackUrl: string, { maxAttempts, timeoutMs }: PostSettings): SocketSender {
  const client = new ApiGatewayManagementApiClient({
    endpoint: callbackUrl,
    maxAttempts,
    requestHandler: { connectionTimeout: timeoutMs, requestTimeout: timeoutMs, throwOnRequestTimeout: true },
  });
  return {
    async post(connectionId, frame) {
      try {
        await client.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: Buffer.from(frame) }));
        return 'delivered';
      } catch (error) {
        if (error instanceof GoneException) return 'gone';
        throw troubleOf(error);
      }
    },

    async close(connectionId) {
      try {
        await client.send(new DeleteConnectionCommand({ ConnectionId: connectionId }));
        return 'closed';
      } catch (error) {
        if (error instanceof GoneException) return 'gone';
        throw troubleOf(error);
      }
    },
  };
}

function troubleOf(error: unknown): SocketTrouble {
  const status = error instanceof ApiGatewayManagementApiServiceException ? error.$metadata.httpStatusCode : undefined;
  return new SocketTrouble(status, { cause: error });
}
