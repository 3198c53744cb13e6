import { createHash } from 'node:crypto';
import type { Table } from 'dynalite/store';
import type { Clock } from '../clock.ts';
import { type Dynalite, outcomeOf, type Prepared } from './dynalite.ts';
import { errorType, failure, invalid, type Outcome } from './engine.ts';
import type { ItemOperations, PreparedOperation } from './item-operations.ts';

/**
 * Transactions on top of dynalite, which has none. MUST hold the exclusive lock. So there are no conflicts: calls that get
 * a TransactionConflict in AWS wait here.
 */
export interface Transactions {
  write(input: Readonly<Record<string, unknown>>): Promise<Outcome>;
  get(input: Readonly<Record<string, unknown>>): Promise<Outcome>;
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html */
const maxActions = 100;
const maxBytes = 4 * 1024 * 1024;
const tokenLifeMs = 10 * 60_000;

/** The members of TransactItems, each with the dynalite operation that validates it in the same way. */
const writeOperations: Readonly<Record<string, string>> = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'DeleteItem',
};

interface Element {
  readonly action: string;
  readonly ready: PreparedOperation;
}

interface Placed extends Element {
  readonly table: Table;
  readonly key: object;
}

interface Reason {
  readonly Code: string;
  readonly Message?: string;
  readonly Item?: unknown;
}

export function createTransactions(dynalite: Dynalite, operations: ItemOperations, clock: Clock): Transactions {
  const tokens = new Map<string, { readonly fingerprint: string; readonly untilMs: number }>();

  function readElements(items: unknown, known: Readonly<Record<string, string>>): readonly Element[] | Outcome {
    if (!Array.isArray(items) || items.length === 0 || items.length > maxActions) {
      return invalid(`transactItems must have between 1 and ${maxActions} members.`);
    }
    const elements: Element[] = [];
    for (const item of items as unknown[]) {
      const [action = '', more] = Object.keys(item ?? {});
      const operation = Object.hasOwn(known, action) ? known[action] : undefined;
      const input = (item as Record<string, unknown> | null)?.[action];
      if (operation === undefined || more !== undefined || typeof input !== 'object' || input === null) {
        return invalid(`TransactItems can only contain one of ${Object.keys(known).join(', ')}`);
      }
      const prepared = operations.prepare(operation, input as Record<string, unknown>);
      if ('refusal' in prepared) return prepared.refusal;
      const { data } = prepared.ready;
      if (action === 'ConditionCheck' && data['ConditionExpression'] === undefined) {
        return invalid('The parameter ConditionExpression is required for a ConditionCheck.');
      }
      if (action === 'Update' && data['UpdateExpression'] === undefined) {
        return invalid('The parameter UpdateExpression is required for an Update.');
      }
      elements.push({ action, ready: prepared.ready });
    }
    return elements;
  }

  async function place(elements: readonly Element[]): Promise<readonly Placed[] | Outcome> {
    const placed: Placed[] = [];
    const seen = new Set<string>();
    for (const element of elements) {
      const { data } = element.ready;
      const table = await dynalite.table(String(data['TableName']));
      if (table === undefined) {
        return failure('dynamodb', 'ResourceNotFoundException', 'Requested resource not found');
      }
      const key = keyOf(table, data);
      const refusal = dynalite.refuseKey(table, key) ?? (await operations.refuse(element.ready));
      if (refusal !== undefined) return refusal;
      const text = `${table.TableName}/${dynalite.keyText(table, key)}`;
      if (seen.has(text)) return invalid('Transaction request cannot include multiple operations on one item');
      seen.add(text);
      placed.push({ ...element, table, key });
    }
    return placed;
  }

  async function act({ action, ready, table, key }: Placed): Promise<Outcome> {
    if (action !== 'ConditionCheck') return operations.run(ready);
    const item = await dynalite.item(table, key);
    const refusal = dynalite.check(ready.data, item);
    if (refusal === undefined) return { status: 200, output: {} };
    if (!ready.returnsItemOnFailure || item === undefined) return refusal;
    return { ...refusal, output: { ...refusal.output, Item: item } };
  }

  /** Runs all elements, so that each has its reason, and undoes them if one failed. */
  async function writeAll(placed: readonly Placed[]): Promise<Outcome> {
    const undo: (() => Promise<void>)[] = [];
    const reasons: Reason[] = [];
    let fault: Outcome | undefined;
    for (const each of placed) {
      const before = await dynalite.item(each.table, each.key);
      // Added first, because a failing element may already have written.
      undo.push(() => dynalite.restore(each.table, each.key, before));
      const outcome = await act(each).catch(outcomeOf);
      const reason = reasonOf(outcome);
      if (reason === undefined) fault ??= outcome;
      else reasons.push(reason);
    }
    if (fault === undefined && reasons.every(({ Code }) => Code === 'None')) return { status: 200, output: {} };
    for (const restore of undo) await restore();
    return fault ?? canceled(reasons);
  }

  function replay(token: string, fingerprint: string): Outcome | undefined {
    for (const [each, { untilMs }] of tokens) {
      // Tokens are in order of age, so the rest is still valid.
      if (untilMs > clock.now()) break;
      tokens.delete(each);
    }
    const known = tokens.get(token);
    if (known === undefined) return undefined;
    if (known.fingerprint === fingerprint) return { status: 200, output: {} };
    const message = 'The token was used with other parameters.';
    return failure('dynamodb', 'IdempotentParameterMismatchException', message, { Message: message });
  }

  return {
    async write({ TransactItems, ClientRequestToken: token }) {
      if (token !== undefined && (typeof token !== 'string' || token.length < 1 || token.length > 36)) {
        return invalid('clientRequestToken must have between 1 and 36 characters.');
      }
      const text = canonical(TransactItems);
      if (text.length > maxBytes) return invalid('Total size of all items in a transaction is more than 4 MB');
      const fingerprint = createHash('sha256').update(text).digest('base64');
      const elements = readElements(TransactItems, writeOperations);
      if ('status' in elements) return elements;
      const replayed = token === undefined ? undefined : replay(token, fingerprint);
      if (replayed !== undefined) return replayed;
      const placed = await place(elements);
      if ('status' in placed) return placed;
      const outcome = await writeAll(placed);
      if (outcome.status === 200 && token !== undefined) {
        tokens.set(token, { fingerprint, untilMs: clock.now() + tokenLifeMs });
      }
      return outcome;
    },

    async get({ TransactItems }) {
      const elements = readElements(TransactItems, { Get: 'GetItem' });
      if ('status' in elements) return elements;
      const placed = await place(elements);
      if ('status' in placed) return placed;
      const Responses: object[] = [];
      for (const { ready } of placed) {
        const outcome = await operations.run(ready);
        if (outcome.status !== 200) return outcome;
        Responses.push(outcome.output);
      }
      return { status: 200, output: { Responses } };
    },
  };
}

function keyOf({ KeySchema }: Table, { Key, Item }: Prepared): object {
  if (Key !== undefined) return { ...(Key as object) };
  const item = Item as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    KeySchema.filter(({ AttributeName }) => item[AttributeName] !== undefined).map(({ AttributeName }) => [
      AttributeName,
      item[AttributeName],
    ]),
  );
}

/** @returns undefined for an outcome that fails the transaction with its own error */
function reasonOf(outcome: Outcome): Reason | undefined {
  const { message, Item } = outcome.output as { readonly message?: string; readonly Item?: unknown };
  const detail = { ...(message === undefined ? {} : { Message: message }), ...(Item === undefined ? {} : { Item }) };
  switch (errorType(outcome)) {
    case undefined:
      return { Code: 'None' };
    case 'ConditionalCheckFailedException':
      return { Code: 'ConditionalCheckFailed', ...detail };
    case 'ValidationException':
      return { Code: 'ValidationError', ...detail };
    default:
      return undefined;
  }
}

function canceled(reasons: readonly Reason[]): Outcome {
  const codes = reasons.map(({ Code }) => Code).join(', ');
  const Message = `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`;
  return failure('dynamodb', 'TransactionCanceledException', Message, { Message, CancellationReasons: reasons });
}

/** The same text for the same parameters, regardless of the order of members. */
function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, each) =>
      typeof each === 'object' && each !== null && !Array.isArray(each)
        ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
        : each,
    ) ?? ''
  );
}
