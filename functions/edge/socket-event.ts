import type {
  APIGatewayEventWebsocketRequestContextV2,
  APIGatewayProxyWebsocketEventV2WithRequestContext,
} from 'aws-lambda';
import type { Connection, NewConnection } from '../core/connections/connection.ts';
import type { Speaker } from '../core/frames/speaker.ts';
import type { AuthorizerContext, HandshakeContext } from './authorizer-event.ts';

type Context = APIGatewayEventWebsocketRequestContextV2 & { authorizer?: Partial<AuthorizerContext> };

export type SocketEvent = APIGatewayProxyWebsocketEventV2WithRequestContext<Context>;

export type DisconnectEvent = APIGatewayProxyWebsocketEventV2WithRequestContext<
  Context & { disconnectStatusCode?: number; disconnectReason?: string }
>;

/** Whom a later event of a connection is about. Never taken from anything that the client sent. */
export function readConnection({ requestContext }: SocketEvent): Connection | undefined {
  const principalId = requestContext.authorizer?.principalId;
  return principalId === undefined ? undefined : { principalId, connectionId: requestContext.connectionId };
}

/** Whom the authorizer let in, as `connect` is to register it. Undefined when no authorizer of ours did. */
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

/** Who has sent a frame. Undefined when no authorizer of ours has let him in. */
export function readSpeaker(event: SocketEvent): Speaker | undefined {
  const connection = readConnection(event);
  if (connection === undefined) return undefined;
  const { userInfo, channels = '[]', authorizedAt } = event.requestContext.authorizer ?? {};
  const said = userInfo === undefined ? {} : { userInfo: JSON.parse(userInfo) };
  const sentAt = event.requestContext.requestTimeEpoch;
  // Without a time every revocation counts.
  return { ...connection, sentAt, authorizedAt: Number(authorizedAt) || 0, ...said, channels: JSON.parse(channels) };
}
