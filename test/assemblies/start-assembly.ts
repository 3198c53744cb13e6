import { type LocalCloud, type LocalCloudOptions, type LogEntry, startLocalCloud } from '../../local/index.ts';
import type { TestAssembly } from './assembly.ts';
import { createLogBook } from './log-book.ts';

/** An app on the local cloud, with all that it told. */
export interface RunningApp {
  readonly cloud: LocalCloud;
  readonly entries: readonly LogEntry[];
  /** The first entry that satisfies the condition, past or future. */
  until(condition: (entry: LogEntry) => boolean): Promise<LogEntry>;
  /** The first line that this function wrote and that satisfies the condition. */
  line(logicalId: string, condition: (line: string) => boolean): Promise<string>;
  /** The first event that this function was given and that satisfies the condition. */
  event(logicalId: string, condition?: (event: GatewayEvent) => boolean): Promise<GatewayEvent>;
  close(): Promise<void>;
}

/** As loose as JSON is: tests look at what arrived, whatever it is. */
export interface GatewayEvent {
  readonly type?: string;
  readonly methodArn?: string;
  readonly body?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly multiValueHeaders: Readonly<Record<string, readonly string[]>>;
  readonly queryStringParameters?: Readonly<Record<string, string>>;
  readonly multiValueQueryStringParameters?: Readonly<Record<string, readonly string[]>>;
  readonly requestContext: Readonly<Record<string, unknown>> & {
    readonly connectionId: string;
    readonly connectedAt: number;
    readonly requestTimeEpoch: number;
    readonly routeKey: string;
  };
}

export type StartOptions = Omit<LocalCloudOptions, 'assembly' | 'log'>;

/** The assembly goes when the app is closed, or does not start. */
export async function startAssembly(assembly: TestAssembly, options: StartOptions = {}): Promise<RunningApp> {
  const { log, entries, find } = createLogBook();
  const cloud = await startLocalCloud({ ...options, assembly: assembly.folder, log }).catch(async (error: unknown) => {
    await assembly.remove();
    throw error;
  });
  return {
    cloud,
    entries,
    until: (condition) => find((entry) => (condition(entry) ? entry : undefined)),
    line: (logicalId, condition) =>
      find((entry) => {
        const line = lineIn(entry, logicalId);
        return line !== undefined && condition(line) ? line : undefined;
      }),
    event: (logicalId, condition = () => true) =>
      find((entry) => {
        const line = lineIn(entry, logicalId);
        const event = line?.startsWith('{') ? (JSON.parse(line) as GatewayEvent) : undefined;
        return event !== undefined && condition(event) ? event : undefined;
      }),
    async close() {
      await cloud.close();
      await assembly.remove();
    },
  };
}

/** What a function printed, without what the runtime writes before it. */
function lineIn(entry: LogEntry, logicalId: string): string | undefined {
  if (entry.kind !== 'function-output' || entry.function !== logicalId) return undefined;
  return printed(entry.line) ?? entry.line;
}

/** What a function gave to `console.log`: the time, the request id and the level come before it. */
export function printed(line: string): string | undefined {
  return /^\S+Z\t\S+\tINFO\t(.*)$/s.exec(line)?.[1];
}
