export type { LimitChoice } from '../functions/core/connections/connection-limit.ts';
export type { SessionMode } from '../functions/core/handshake/session.ts';
export type { SessionCheck, TokenSource } from '../functions/core/handshake/way-in.ts';
export type { Occurrence } from '../functions/edge/telemetry.ts';
export type { SessionSocketTables } from './connection-tables.ts';
export { SessionSocket, type SessionSocketFunctions } from './session-socket.ts';
export type { RateLimit, SessionSocketProps } from './session-socket-props.ts';
export { SessionSocketStack, type SessionSocketStackProps } from './session-socket-stack.ts';
export { BadProps } from './settle-props.ts';
