import type { Redirects } from './redirects.ts';

/** What an environment is told before its function is loaded, and what the function itself never sees. */
export interface RuntimeSettings {
  /** How far its clock is ahead of the machine's. */
  readonly clockOffsetMs: number;
  /** A file beside whose `node_modules` the SDK of the runtime is looked for. */
  readonly sdkBeside: string;
  readonly redirects: Redirects;
}
