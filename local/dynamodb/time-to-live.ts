import type { Dynalite } from './dynalite.ts';
import { failure, invalid, type Outcome } from './errors.ts';

/** Which attribute says when an item expires. dynalite knows that it is off, and nothing else of it. */
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
