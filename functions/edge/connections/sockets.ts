import {
  ApiGatewayManagementApiServiceException,
  DeleteConnectionCommand,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { type SocketSender, SocketTrouble } from '../../core/delivery/socket-sender.ts';
import type { ConnectionsApiSettings } from '../environment.ts';
import { createConnectionsClient, type PostSettings } from './client.ts';
import { ExchangeFailure } from './pool.ts';

/** Posts to open sockets, and closes them, through API Gateway's @connections. */
export function createSockets(api: ConnectionsApiSettings, settings: PostSettings): SocketSender {
  const client = createConnectionsClient(api, settings);
  return {
    async post(connectionId, frame) {
      const Data = typeof frame === 'string' ? Buffer.from(frame) : frame;
      try {
        await client.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data }));
        return 'delivered';
      } catch (error) {
        return goneOrThrow(error);
      }
    },

    async close(connectionId) {
      try {
        await client.send(new DeleteConnectionCommand({ ConnectionId: connectionId }));
        return 'closed';
      } catch (error) {
        return goneOrThrow(error);
      }
    },
  };
}

/** @throws SocketTrouble for failures of the network or of API Gateway; rethrows every other error unchanged */
function goneOrThrow(error: unknown): 'gone' {
  if (error instanceof ExchangeFailure) throw new SocketTrouble(undefined, { cause: error });
  if (!(error instanceof ApiGatewayManagementApiServiceException)) throw error;
  const status = error.$metadata.httpStatusCode;
  if (status === 410) return 'gone';
  throw new SocketTrouble(status, { cause: error });
}
