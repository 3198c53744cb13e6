/** What the journal keeps and the page shows. Times are milliseconds since 1970, of the local cloud's clock. */
export interface Records {
  readonly connections: ConnectionRecord;
  readonly refusals: RefusalRecord;
  readonly messages: MessageRecord;
  readonly invocations: InvocationRecord;
  readonly lines: LineRecord;
}

export type TableName = keyof Records;

export interface ConnectionRecord {
  readonly at: number;
  readonly api: string;
  readonly stage: string;
  readonly sourceIp: string;
  readonly userAgent?: string | undefined;
  readonly context?: Readonly<Record<string, string>>;
  messagesIn: number;
  messagesOut: number;
  lastMessageAt?: number;
  endedAt?: number;
  code?: number;
  reason?: string;
}

export interface RefusalRecord {
  readonly at: number;
  readonly status: number;
  readonly reason: string;
  readonly stage?: string;
  /** What it would have been called; the authorizer's invocation knows it too. */
  readonly connectionId?: string | undefined;
}

export interface MessageRecord {
  readonly at: number;
  readonly connectionId: string;
  readonly direction: 'in' | 'out';
  /** The route that it took. */
  readonly routeKey?: string;
  readonly by?: 'reply' | 'post' | 'gateway';
  readonly body: string;
  /** Of the whole body. */
  readonly bytes: number;
}

export interface InvocationRecord {
  readonly at: number;
  readonly function: string;
  readonly isCold: boolean;
  readonly connectionId?: string | undefined;
  /** How many lines it wrote; not all may be kept. */
  lines: number;
  finishedAt?: number;
  durationMs?: number;
  initMs?: number;
  maxMemoryMb?: number;
  errorType?: string;
}

export interface LineRecord {
  readonly at: number;
  readonly function: string;
  readonly requestId?: string;
  readonly text: string;
  /** Of the whole line. */
  readonly bytes: number;
}

/** Since the start, whatever is still kept. */
export interface Totals {
  readonly open: number;
  readonly handshakes: number;
  readonly refused: number;
  readonly messages: number;
  readonly invocations: number;
  readonly errors: number;
}

/** One step that takes a copy of the journal to where the journal is. Fields are whole values, so a step twice is as good as once. */
export type Change =
  | { readonly table: TableName; readonly key: string; readonly set: object }
  | { readonly table: TableName; readonly key: string; readonly isGone: true };

/** What one event of /_local/events holds: all changes that make an empty copy equal to the journal, or those since the last event. */
export interface Batch {
  /** The time of the local cloud. */
  readonly now: number;
  /** Where clients connect to. */
  readonly webSocketUrls: readonly string[];
  readonly totals: Totals;
  readonly changes: readonly Change[];
}

export interface Limits {
  readonly connections: number;
  /** How many of them may have ended. */
  readonly endedConnections: number;
  readonly refusals: number;
  readonly messages: number;
  readonly invocations: number;
  readonly lines: number;
  /** So that one that never stops writing leaves room for the others. */
  readonly linesPerInvocation: number;
  readonly bodyBytes: number;
  readonly lineBytes: number;
}

/** At most about 10 MB when all is full of the longest bodies and lines; a usual day takes a tenth of it. */
export const usualLimits: Limits = {
  connections: 1000,
  endedConnections: 200,
  refusals: 200,
  messages: 500,
  invocations: 500,
  lines: 2000,
  linesPerInvocation: 200,
  bodyBytes: 4096,
  lineBytes: 2048,
};
