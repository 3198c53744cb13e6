export type { EngineKind } from './dynamodb/engine.ts';
export type { InvocationResult } from './lambda/environment.ts';
export { type FunctionHandle, type LocalCloud, type LocalCloudOptions, startLocalCloud } from './local-cloud.ts';
export type { Log, LogEntry } from './log.ts';
