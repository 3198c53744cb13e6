export { BadProps } from './refuse-bad-props.ts';
export { SessionSocket } from './session-socket.ts';
export type { SessionSocketProps } from './session-socket-props.ts';
export { SessionSocketStack, type SessionSocketStackProps } from './session-socket-stack.ts';
