import type { Clock } from '../clock.ts';
import { ask, type Engine } from './engine.ts';

/**
 * Deletes items whose time has passed. AWS does so "within a few days" and shows them until then. Here that is between one
 * and two minutes of the cloud's clock, so that tests see both: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
 */
export interface Expiry {
  /** @param attribute undefined: nothing expires there any more */
  watch(table: string, attribute: string | undefined): void;
  /** Undefined when nothing is being deleted. Whoever asks after the clock was moved must not be faster than that. */
  settled(): Promise<void> | undefined;
  close(): Promise<void>;
}

const sweepMs = 60_000;
const graceSeconds = 60;
/** Who puts milliseconds or 0 does not lose the item: what expired longer ago than this stays. */
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
        // Its time may have been changed since it was read.
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
        // The table may be gone by now. What else goes wrong is tried again in a minute.
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
