import { type LocalCloud, type LocalCloudOptions, type LogEntry, startLocalCloud } from '../../local/index.ts';
import { type TestTemplate, writeAssembly } from './assembly.ts';
import { chatTemplate } from './chat.ts';

export interface Chat {
  readonly cloud: LocalCloud;
  readonly entries: readonly LogEntry[];
  /** The first entry that satisfies the condition, past or future. */
  until<T extends LogEntry>(condition: (entry: LogEntry) => entry is T): Promise<T>;
  until(condition: (entry: LogEntry) => boolean): Promise<LogEntry>;
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

export interface ChatOptions extends Omit<LocalCloudOptions, 'assembly' | 'log'> {
  change?(template: TestTemplate): void;
}

export async function startChat({ change, ...options }: ChatOptions = {}): Promise<Chat> {
  const template = chatTemplate();
  change?.(template);
  const assembly = await writeAssembly(template);
  const entries: LogEntry[] = [];
  const listeners = new Set<(entry: LogEntry) => void>();
  const log = (entry: LogEntry) => {
    entries.push(entry);
    for (const listener of [...listeners]) listener(entry);
  };
  const cloud = await startLocalCloud({ ...options, assembly: assembly.folder, log }).catch(async (error: unknown) => {
    await assembly.remove();
    throw error;
  });

  function until(condition: (entry: LogEntry) => boolean): Promise<LogEntry> {
    const past = entries.find(condition);
    if (past !== undefined) return Promise.resolve(past);
    return new Promise((resolve) => {
      const listener = (entry: LogEntry) => {
        if (!condition(entry)) return;
        listeners.delete(listener);
        resolve(entry);
      };
      listeners.add(listener);
    });
  }

  return {
    cloud,
    entries,
    until: until as Chat['until'],
    async event(logicalId, condition = () => true) {
      const entry = await until((each) => {
        const event = eventIn(each, logicalId);
        return event !== undefined && condition(event);
      });
      const event = eventIn(entry, logicalId);
      if (event === undefined) throw new Error('The entry found has no event.');
      return event;
    },
    async close() {
      await cloud.close();
      await assembly.remove();
    },
  };
}

function eventIn(entry: LogEntry, logicalId: string): GatewayEvent | undefined {
  if (entry.kind !== 'function-output' || entry.function !== logicalId) return undefined;
  const text = printed(entry.line);
  return text?.startsWith('{') ? (JSON.parse(text) as GatewayEvent) : undefined;
}

/** What a function gave to `console.log`: the runtime writes the time, the request id and the level before it. */
export function printed(line: string): string | undefined {
  return /^\S+Z\t\S+\tINFO\t(.*)$/s.exec(line)?.[1];
}
