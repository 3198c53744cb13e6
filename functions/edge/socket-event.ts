import type {
  APIGatewayEventWebsocketRequestContextV2,
  APIGatewayProxyWebsocketEventV2WithRequestContext,
} from 'aws-lambda';
import type { Connection, NewConnection } from '../core/connections/connection.ts';
import type { Speaker } from '../core/frames/frame.ts';
import type { AuthorizerContext, HandshakeContext } from './authorizer-event.ts';

type Context = APIGatewayEventWebsocketRequestContextV2 & { authorizer?: Partial<AuthorizerContext> };

export type SocketEvent = APIGatewayProxyWebsocketEventV2WithRequestContext<Context>;

export type DisconnectEvent = APIGatewayProxyWebsocketEventV2WithRequestContext<
  Context & { disconnectStatusCode?: number; disconnectReason?: string }
>;

/** The connection of an event. It never comes from data that the client sent. */
export function readConnection({ requestContext }: SocketEvent): Connection | undefined {
  const principalId = requestContext.authorizer?.principalId;
  return principalId === undefined ? undefined : { principalId, connectionId: requestContext.connectionId };
}

/** The connection that the authorizer accepted, for `connect` to register. Undefined if our authorizer did not run. */
export function readAdmitted(
  event: SocketEvent,
): (Omit<NewConnection, 'connectedAt'> & Pick<HandshakeContext, 'authorizedAt' | 'jti'>) | undefined {
  const connection = readConnection(event);
  const { sessionHash, sessionExpiresAt, sessionSeal, authorizedAt, jti } = event.requestContext.authorizer ?? {};
  if (connection === undefined || sessionHash === undefined) return undefined;
  if (!(Number(authorizedAt) > 0)) return undefined;
  const end = sessionExpiresAt === undefined ? {} : { sessionExpiresAt: Number(sessionExpiresAt) };
  const seal = sessionSeal === undefined ? {} : { sessionSeal };
  return { ...connection, sessionHash, ...end, ...seal, authorizedAt: Number(authorizedAt), jti };
}

/** The sender of a frame. Undefined if our authorizer did not run. */
export function readSpeaker(event: SocketEvent): Speaker | undefined {
  const connection = readConnection(event);
  if (connection === undefined) return undefined;
  const { userInfo, channels = '[]', authorizedAt } = event.requestContext.authorizer ?? {};
  const info = userInfo === undefined ? {} : { userInfo: JSON.parse(userInfo) };
  const sentAt = event.requestContext.requestTimeEpoch;
  // With the time 0 every revocation counts.
  return { ...connection, sentAt, authorizedAt: Number(authorizedAt) || 0, ...info, channels: JSON.parse(channels) };
}
