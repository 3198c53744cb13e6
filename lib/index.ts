export { SessionSocket, type SessionSocketProps } from './session-socket.ts';
export { SessionSocketStack, type SessionSocketStackProps } from './session-socket-stack.ts';
