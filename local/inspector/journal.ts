import { StringDecoder } from 'node:string_decoder';
import type { Observation, Observe } from '../observation.ts';
import {
  type Change,
  defaultLimits,
  type Limits,
  type MessageRecord,
  type Records,
  type TableName,
  type Totals,
} from './records.ts';

/** Recent events of the local cloud, in bounded memory. */
export interface Journal {
  readonly observe: Observe;
  totals(): Totals;
  /** The changes that turn an empty copy into the current journal. */
  snapshot(): readonly Change[];
  /** Calls the listener with each further change. @returns a function that unsubscribes */
  subscribe(listener: (change: Change) => void): () => void;
}

export function createJournal(now: () => number = Date.now, limits: Limits = defaultLimits): Journal {
  const listeners = new Set<(change: Change) => void>();
  const emit = (change: Change) => {
    for (const listener of listeners) listener(change);
  };
  const connections = new RecordTable('connections', limits.connections, emit);
  const refusals = new RecordTable('refusals', limits.refusals, emit);
  const messages = new RecordTable('messages', limits.messages, emit);
  const invocations = new RecordTable('invocations', limits.invocations, emit);
  const lines = new RecordTable('lines', limits.lines, emit);
  /** The ids of ended connections, oldest first. */
  const ended = new Set<string>();
  const totals = { open: 0, handshakes: 0, refused: 0, messages: 0, invocations: 0, errors: 0 };
  let count = 0;
  const nextKey = () => String(++count);
  const firstOf = (keys: Set<string>) => keys.values().next().value;

  type Of<K extends Observation['kind']> = Extract<Observation, { readonly kind: K }>;
  const handlers: { readonly [K in Observation['kind']]: (observation: Of<K>) => void } = {
    connected({ kind, connectionId, context, ...rest }) {
      totals.open += 1;
      totals.handshakes += 1;
      // Shares the context object with the gateway instead of copying it.
      const record = {
        at: now(),
        ...rest,
        messagesIn: 0,
        messagesOut: 0,
        ...(context === undefined ? {} : { context }),
      };
      const evictFirst = firstOf(ended);
      connections.add(connectionId, record, evictFirst);
      if (evictFirst !== undefined && connections.get(evictFirst) === undefined) ended.delete(evictFirst);
    },
    disconnected({ connectionId, code, reason }) {
      totals.open -= 1;
      if (connections.get(connectionId) === undefined) return;
      connections.merge(connectionId, { endedAt: now(), code, reason });
      ended.add(connectionId);
      const oldest = firstOf(ended);
      if (ended.size <= limits.endedConnections || oldest === undefined) return;
      ended.delete(oldest);
      connections.remove(oldest);
    },
    refused({ kind, ...rest }) {
      totals.handshakes += 1;
      totals.refused += 1;
      refusals.add(nextKey(), { at: now(), ...rest });
    },
    'message-in'({ connectionId, routeKey, body }) {
      addMessage(connectionId, 'in', body, { routeKey });
    },
    'message-out'({ connectionId, by, body }) {
      addMessage(connectionId, 'out', body, { by });
    },
    invoked({ kind, requestId, ...rest }) {
      totals.invocations += 1;
      invocations.add(requestId, { at: now(), ...rest, lines: 0 });
    },
    finished({ kind, function: _, requestId, ...rest }) {
      if (rest.errorType !== undefined) totals.errors += 1;
      invocations.merge(requestId, { finishedAt: now(), ...rest });
    },
    line({ function: name, requestId, text }) {
      const { text: kept, bytes } = cut(text, limits.lineBytes);
      const record = { at: now(), function: name, text: kept, bytes };
      if (requestId === undefined) return lines.add(nextKey(), record);
      const written = (invocations.get(requestId)?.lines ?? 0) + 1;
      invocations.merge(requestId, { lines: written });
      if (written <= limits.linesPerInvocation) lines.add(nextKey(), { ...record, requestId });
    },
  };

  function addMessage(
    connectionId: string,
    direction: 'in' | 'out',
    whole: string,
    how: Pick<MessageRecord, 'routeKey' | 'by'>,
  ): void {
    totals.messages += 1;
    const at = now();
    const { text: body, bytes } = cut(whole, limits.bodyBytes);
    messages.add(nextKey(), { at, connectionId, direction, ...how, body, bytes });
    const { messagesIn = 0, messagesOut = 0 } = connections.get(connectionId) ?? {};
    const counted = direction === 'in' ? { messagesIn: messagesIn + 1 } : { messagesOut: messagesOut + 1 };
    connections.merge(connectionId, { ...counted, lastMessageAt: at });
  }

  return {
    observe: (observation) => (handlers[observation.kind] as (observation: Observation) => void)(observation),
    totals: () => ({ ...totals }),
    snapshot: () => [connections, refusals, messages, invocations, lines].flatMap((each) => each.changes()),
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** The newest records of one kind. Above the limit, a new record evicts the oldest. */
class RecordTable<T extends TableName> {
  readonly #table: T;
  readonly #limit: number;
  readonly #emit: (change: Change) => void;
  readonly #records = new Map<string, Records[T]>();

  constructor(table: T, limit: number, emit: (change: Change) => void) {
    this.#table = table;
    this.#limit = limit;
    this.#emit = emit;
  }

  /** @param evictFirst the record to evict instead of the oldest */
  add(key: string, record: Records[T], evictFirst?: string): void {
    this.#records.set(key, record);
    this.#emit({ table: this.#table, key, set: record });
    if (this.#records.size <= this.#limit) return;
    const oldest = evictFirst ?? this.#records.keys().next().value;
    if (oldest !== undefined) this.remove(oldest);
  }

  get(key: string): Readonly<Records[T]> | undefined {
    return this.#records.get(key);
  }

  /** Does nothing if the record was evicted. */
  merge(key: string, fields: Partial<Records[T]>): void {
    const record = this.#records.get(key);
    if (record === undefined) return;
    Object.assign(record, fields);
    this.#emit({ table: this.#table, key, set: fields });
  }

  remove(key: string): void {
    if (this.#records.delete(key)) this.#emit({ table: this.#table, key, isGone: true });
  }

  /** The changes that turn an empty copy into this table. */
  changes(): readonly Change[] {
    return [...this.#records].map(([key, record]) => ({ table: this.#table, key, set: record }));
  }
}

/** A possibly shortened text and its original length. */
interface Cut {
  readonly text: string;
  readonly bytes: number;
}

/** Shortens at a character boundary. */
export function cut(text: string, limitBytes: number): Cut {
  const bytes = Buffer.byteLength(text);
  if (bytes <= limitBytes) return { text, bytes };
  // Copies through bytes, because in V8 a slice keeps the whole text in memory.
  const head = Buffer.from(text.slice(0, limitBytes)).subarray(0, limitBytes);
  return { text: new StringDecoder('utf8').write(head), bytes };
}
