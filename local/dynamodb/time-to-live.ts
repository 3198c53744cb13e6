import type { Clock } from '../clock.ts';
import type { Dynalite } from './dynalite.ts';
import { ask, type Engine, failure, invalid, type Outcome } from './engine.ts';

/**
 * Deletes expired items. AWS does so "within a few days" and returns them until then. Here it takes one to two minutes of
 * the cloud's clock, so that tests see both states: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
 */
export interface Expiry {
  /** @param attribute undefined: items no longer expire */
  watch(table: string, attribute: string | undefined): void;
  /** Undefined if no deletion is running. Calls after a move of the clock must wait for it. */
  settled(): Promise<void> | undefined;
  close(): Promise<void>;
}

const sweepMs = 60_000;
const graceSeconds = 60;
/** Items that expired earlier than this are kept, so a time of 0 or in milliseconds does not delete an item. */
const oldestSeconds = 5 * 365 * 24 * 3600;

type Key = Readonly<Record<string, unknown>>;

interface Page {
  readonly Items: readonly Key[];
  readonly LastEvaluatedKey?: Key;
}

export function createExpiry(engine: Engine, clock: Clock): Expiry {
  const attributes = new Map<string, string>();
  let sweeping: Promise<void> | undefined;
  let nextAtMs: number | undefined;
  let isClosed = false;

  async function deleteExpired(table: string, attribute: string, nowMs: number): Promise<void> {
    const latest = Math.floor(nowMs / 1000) - graceSeconds;
    const { Table } = await ask<{ Table: { KeySchema: { AttributeName: string }[] } }>(engine, 'DescribeTable', {
      TableName: table,
    });
    const keys = Table.KeySchema.map(({ AttributeName }, index) => [`#k${index}`, AttributeName] as const);
    const range = {
      ExpressionAttributeValues: { ':oldest': { N: String(latest - oldestSeconds) }, ':latest': { N: String(latest) } },
    };
    let start: Key | undefined;
    do {
      const page: Page = await ask<Page>(engine, 'Scan', {
        TableName: table,
        FilterExpression: '#ttl BETWEEN :oldest AND :latest',
        ProjectionExpression: keys.map(([name]) => name).join(', '),
        ExpressionAttributeNames: { '#ttl': attribute, ...Object.fromEntries(keys) },
        ...range,
        ...(start === undefined ? {} : { ExclusiveStartKey: start }),
      });
      for (const Key of page.Items) {
        const deletion = { TableName: table, Key, ConditionExpression: '#ttl BETWEEN :oldest AND :latest' };
        // The expiry time may have changed since the scan.
        await ask(engine, 'DeleteItem', {
          ...deletion,
          ExpressionAttributeNames: { '#ttl': attribute },
          ...range,
        }).catch(() => undefined);
      }
      start = page.LastEvaluatedKey;
    } while (start !== undefined && !isClosed);
  }

  async function sweepUntilNothingIsDue(): Promise<void> {
    while (nextAtMs !== undefined && !isClosed) {
      const nowMs = nextAtMs;
      nextAtMs = undefined;
      for (const [table, attribute] of attributes) {
        // The table may be deleted by now. Other errors are retried in a minute.
        await deleteExpired(table, attribute, nowMs).catch(() => undefined);
      }
    }
    sweeping = undefined;
  }

  let stop: () => void;
  const wait = () => {
    stop = clock.after(sweepMs, () => {
      wait();
      nextAtMs = clock.now();
      if (attributes.size > 0) sweeping ??= sweepUntilNothingIsDue();
    });
  };
  wait();

  return {
    watch(table, attribute) {
      if (attribute === undefined) attributes.delete(table);
      else attributes.set(table, attribute);
    },
    settled: () => sweeping,
    async close() {
      isClosed = true;
      stop();
      await sweeping;
    },
  };
}

/** The time-to-live settings. dynalite only reports them as disabled. */
export interface TimeToLive {
  /** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html */
  update(input: Readonly<Record<string, unknown>>): Promise<Outcome>;
  describe(input: Readonly<Record<string, unknown>>): Promise<Outcome>;
  forget(table: unknown): void;
}

export function createTimeToLive(dynalite: Dynalite): TimeToLive {
  const attributes = new Map<string, string>();

  async function tableOf(name: unknown): Promise<string | Outcome> {
    if (typeof name !== 'string') return invalid('The parameter TableName is required.');
    if ((await dynalite.table(name)) !== undefined) return name;
    return failure('dynamodb', 'ResourceNotFoundException', `Requested resource not found: Table: ${name} not found`);
  }

  return {
    async update({ TableName, TimeToLiveSpecification }) {
      const specification = (TimeToLiveSpecification ?? {}) as Readonly<Record<string, unknown>>;
      const { Enabled, AttributeName } = specification;
      if (typeof Enabled !== 'boolean' || typeof AttributeName !== 'string') {
        return invalid('TimeToLiveSpecification must have Enabled and AttributeName.');
      }
      if (AttributeName.length < 1 || AttributeName.length > 255) {
        return invalid('timeToLiveSpecification.attributeName must have between 1 and 255 characters.');
      }
      const table = await tableOf(TableName);
      if (typeof table !== 'string') return table;
      const current = attributes.get(table);
      if (!Enabled && current === undefined) return invalid('TimeToLive is already disabled');
      if (Enabled && current === AttributeName) return invalid('TimeToLive is already enabled');
      if (current !== undefined && current !== AttributeName) {
        return invalid(`TimeToLive is active on a different AttributeName: current AttributeName is ${current}`);
      }
      if (Enabled) attributes.set(table, AttributeName);
      else attributes.delete(table);
      return { status: 200, output: { TimeToLiveSpecification: { Enabled, AttributeName } } };
    },

    async describe({ TableName }) {
      const table = await tableOf(TableName);
      if (typeof table !== 'string') return table;
      const AttributeName = attributes.get(table);
      const description =
        AttributeName === undefined ? { TimeToLiveStatus: 'DISABLED' } : { TimeToLiveStatus: 'ENABLED', AttributeName };
      return { status: 200, output: { TimeToLiveDescription: description } };
    },

    forget(table) {
      if (typeof table === 'string') attributes.delete(table);
    },
  };
}
