export { readAssembly } from './assembly.ts';
export { createFaults, type Fault, type FaultInjection, serviceNames } from './faults.ts';
export { shortNames } from './function-names.ts';
export type { InvocationResult } from './lambda/environment.ts';
export { type FunctionHandle, type LocalCloud, type LocalCloudOptions, startLocalCloud } from './local-cloud.ts';
export type { Log, LogEntry } from './log.ts';
export { unknowns } from './unknowns.ts';
