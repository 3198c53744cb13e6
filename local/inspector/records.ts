/** The records of the journal and the page. Times are epoch milliseconds of the local cloud's clock. */
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
  /** The connection's id, which the authorizer's invocation also has. */
  readonly connectionId?: string | undefined;
}

export interface MessageRecord {
  readonly at: number;
  readonly connectionId: string;
  readonly direction: 'in' | 'out';
  /** The selected route. */
  readonly routeKey?: string;
  readonly by?: 'reply' | 'post' | 'gateway';
  readonly body: string;
  /** The size of the whole body. */
  readonly bytes: number;
}

export interface InvocationRecord {
  readonly at: number;
  readonly function: string;
  readonly isCold: boolean;
  readonly connectionId?: string | undefined;
  /** The number of lines it wrote; the journal may have dropped some. */
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
  /** The size of the whole line. */
  readonly bytes: number;
}

/** Totals since the start, including dropped records. */
export interface Totals {
  readonly open: number;
  readonly handshakes: number;
  readonly refused: number;
  readonly messages: number;
  readonly invocations: number;
  readonly errors: number;
}

/** One change of the journal. Fields have complete values, so changes are idempotent. */
export type Change =
  | { readonly table: TableName; readonly key: string; readonly set: object }
  | { readonly table: TableName; readonly key: string; readonly isGone: true };

/** One event of /_local/events: a snapshot, or the changes since the last event. */
export interface Batch {
  /** The time of the local cloud. */
  readonly now: number;
  /** The URLs for clients. */
  readonly webSocketUrls: readonly string[];
  readonly totals: Totals;
  readonly changes: readonly Change[];
}

export interface Limits {
  readonly connections: number;
  /** The maximum number of ended connections among them. */
  readonly endedConnections: number;
  readonly refusals: number;
  readonly messages: number;
  readonly invocations: number;
  readonly lines: number;
  /** A limit, so that one invocation cannot evict all others. */
  readonly linesPerInvocation: number;
  readonly bodyBytes: number;
  readonly lineBytes: number;
}

/** At most about 10 MB, with the longest bodies and lines. Normal use needs a tenth of that. */
export const defaultLimits: Limits = {
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
