export type { LimitChoice } from '../functions/core/connections/connection-limit.ts';
export type { SessionCheck, SessionMode, TokenSource } from '../functions/core/handshake/handshake-options.ts';
export { BadProps } from './refuse-bad-props.ts';
export { SessionSocket } from './session-socket.ts';
export type { RateLimit, SessionSocketProps } from './session-socket-props.ts';
export { SessionSocketStack, type SessionSocketStackProps } from './session-socket-stack.ts';
