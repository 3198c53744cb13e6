import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { Clock } from './core/clock.ts';
import type { ConnectionRegistry } from './core/connection-registry.ts';
import { systemClock } from './edge/clock.ts';
import { createConnectionRows } from './edge/connection-rows.ts';
import { read, readOptional } from './edge/environment.ts';
import { readConnection, type SocketEvent } from './edge/gateway.ts';
import { createStarter, type Starter } from './edge/invoke.ts';
import { createTell, type Tell } from './edge/telemetry.ts';

interface Dependencies {
  readonly registry: ConnectionRegistry;
  readonly starter: Starter;
  readonly clock: Clock;
  readonly tell: Tell;
}

/**
 * Registers a connection that the authorizer let in. The welcome is another function's work, because nothing can be
 * posted to a connection before this one has returned (https://repost.aws/knowledge-center/410-gone-api-gateway).
 */
export function createConnect({ registry, starter, clock, tell }: Dependencies) {
  return async (event: SocketEvent): Promise<APIGatewayProxyStructuredResultV2> => {
    const connection = readConnection(event);
    const sessionHash = event.requestContext.authorizer?.sessionHash;
    // Only a route without our authorizer could bring this about: fail closed.
    if (connection === undefined || sessionHash === undefined) return { statusCode: 403 };

    await registry.add({ ...connection, sessionHash, connectedAt: clock.now() });
    try {
      await starter.deliver({ welcome: connection });
    } catch (error) {
      // Without a welcome the socket would be mute for two hours: refuse the handshake and leave nothing behind.
      // Should that fail too, the row is litter, shown to nobody for long; the first fault is the one to tell.
      await registry.leave(connection).catch(() => undefined);
      throw error;
    }
    // The demo's hello is no reason to refuse anybody; the schedule starts it as well.
    await starter.tick().catch(() => tell('warn', 'hello could not be started', { ...connection }, {}));
    tell('info', 'connected', { ...connection }, { Connected: 1 });
    return { statusCode: 200 };
  };
}

export const handler = createConnect({
  registry: createConnectionRows(read('CONNECTIONS_TABLE'), new DynamoDBClient({}), systemClock),
  starter: createStarter({ deliver: read('DELIVER_FUNCTION'), tick: readOptional('TICK_FUNCTION') }),
  clock: systemClock,
  tell: createTell(),
});
