import { StringDecoder } from 'node:string_decoder';
import type { Observation, Observe } from '../observation.ts';
import {
  type Change,
  type Limits,
  type MessageRecord,
  type Records,
  type TableName,
  type Totals,
  usualLimits,
} from './records.ts';

/** What happened in the local cloud of late, in memory that does not grow. */
export interface Journal {
  readonly observe: Observe;
  totals(): Totals;
  /** Makes an empty copy equal to the journal as it is now. */
  snapshot(): readonly Change[];
  /** Called with each step from now on. @returns what ends it */
  follow(listener: (change: Change) => void): () => void;
}

export function createJournal(now: () => number = Date.now, limits: Limits = usualLimits): Journal {
  const listeners = new Set<(change: Change) => void>();
  const tell = (change: Change) => {
    for (const listener of listeners) listener(change);
  };
  const connections = new Kept('connections', limits.connections, tell);
  const refusals = new Kept('refusals', limits.refusals, tell);
  const messages = new Kept('messages', limits.messages, tell);
  const invocations = new Kept('invocations', limits.invocations, tell);
  const lines = new Kept('lines', limits.lines, tell);
  /** In the order in which they ended. */
  const ended = new Set<string>();
  const totals = { open: 0, handshakes: 0, refused: 0, messages: 0, invocations: 0, errors: 0 };
  let count = 0;
  const nextKey = () => String(++count);
  const firstOf = (keys: Set<string>) => keys.values().next().value;

  type Of<K extends Observation['kind']> = Extract<Observation, { readonly kind: K }>;
  const act: { readonly [K in Observation['kind']]: (observation: Of<K>) => void } = {
    connected({ kind, connectionId, context, ...rest }) {
      totals.open += 1;
      totals.handshakes += 1;
      // The gateway holds the context for as long as the connection lives: here it is the same object, not a second one.
      const record = {
        at: now(),
        ...rest,
        messagesIn: 0,
        messagesOut: 0,
        ...(context === undefined ? {} : { context }),
      };
      const firstOut = firstOf(ended);
      connections.add(connectionId, record, firstOut);
      if (firstOut !== undefined && connections.get(firstOut) === undefined) ended.delete(firstOut);
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
    observe: (observation) => (act[observation.kind] as (observation: Observation) => void)(observation),
    totals: () => ({ ...totals }),
    snapshot: () => [connections, refusals, messages, invocations, lines].flatMap((each) => each.changes()),
    follow(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** The newest records of one kind: what is added above the limit drives the oldest out. */
class Kept<T extends TableName> {
  readonly #table: T;
  readonly #limit: number;
  readonly #tell: (change: Change) => void;
  readonly #records = new Map<string, Records[T]>();

  constructor(table: T, limit: number, tell: (change: Change) => void) {
    this.#table = table;
    this.#limit = limit;
    this.#tell = tell;
  }

  /** @param firstOut what goes before the oldest */
  add(key: string, record: Records[T], firstOut?: string): void {
    this.#records.set(key, record);
    this.#tell({ table: this.#table, key, set: record });
    if (this.#records.size <= this.#limit) return;
    const oldest = firstOut ?? this.#records.keys().next().value;
    if (oldest !== undefined) this.remove(oldest);
  }

  get(key: string): Readonly<Records[T]> | undefined {
    return this.#records.get(key);
  }

  /** Nothing happens when it is no longer kept. */
  merge(key: string, fields: Partial<Records[T]>): void {
    const record = this.#records.get(key);
    if (record === undefined) return;
    Object.assign(record, fields);
    this.#tell({ table: this.#table, key, set: fields });
  }

  remove(key: string): void {
    if (this.#records.delete(key)) this.#tell({ table: this.#table, key, isGone: true });
  }

  /** What makes an empty copy equal to this. */
  changes(): readonly Change[] {
    return [...this.#records].map(([key, record]) => ({ table: this.#table, key, set: record }));
  }
}

/** A text that may be shortened, and how long it was. */
interface Cut {
  readonly text: string;
  readonly bytes: number;
}

/** Shortens at the end of a character. */
export function cut(text: string, limitBytes: number): Cut {
  const bytes = Buffer.byteLength(text);
  if (bytes <= limitBytes) return { text, bytes };
  // Through bytes and back, because V8 keeps the whole text alive for as long as a slice of it lives.
  const head = Buffer.from(text.slice(0, limitBytes)).subarray(0, limitBytes);
  return { text: new StringDecoder('utf8').write(head), bytes };
}
