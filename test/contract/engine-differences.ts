import type { EngineOutcome } from './engine-outcome.ts';

export interface EngineDifference {
  readonly number: number;
  /** The step of the script. */
  readonly step: string;
  readonly dynalite: EngineOutcome;
  readonly strict: EngineOutcome;
  /** The engine that behaves like AWS, if known. */
  readonly why: string;
}

const transactionReasons = 'https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html';

/** All differences in the steps of dynamodb-script.ts. A test fails if one is missing or new. */
export const engineDifferences: readonly EngineDifference[] = [
  {
    number: 1,
    step: 'tables: create with a stream',
    dynalite: 'ValidationException',
    strict: 'ok, a table',
    why: 'dynalite has no streams, and ours refuses what it would ignore',
  },
  {
    number: 2,
    step: 'tables: delete protected',
    dynalite: 'ok, a table',
    strict: 'ValidationException',
    why: 'dynalite ignores DeletionProtectionEnabled; all tables are gone with the local cloud anyway',
  },
  {
    number: 3,
    step: 'put: when a set is compared',
    dynalite: 'ConditionalCheckFailedException',
    strict: 'ValidationException',
    why: 'dynalite does not look at the types that a condition compares',
  },
  {
    number: 4,
    step: 'put: when something is compared with itself',
    dynalite: 'ConditionalCheckFailedException',
    strict: 'ValidationException',
    why: 'dynalite does not ask that the operands of a condition are different',
  },
  {
    number: 5,
    step: 'put: when a path leads into a key',
    dynalite: 'ConditionalCheckFailedException',
    strict: 'ValidationException',
    why: 'dynalite knows in projections and updates that a key has no parts, and not in conditions',
  },
  {
    number: 6,
    step: 'put: and count capacity',
    dynalite: 'ok {"ConsumedCapacity":{"CapacityUnits":1,"Table":{"CapacityUnits":1},"TableName":"script"}}',
    strict:
      'ok {"ConsumedCapacity":{"CapacityUnits":3,"GlobalSecondaryIndexes":{"byOwner":{"CapacityUnits":1}},' +
      '"LocalSecondaryIndexes":{"byRank":{"CapacityUnits":1}},"Table":{"CapacityUnits":1},"TableName":"script"}}',
    why: 'dynalite does not count what indexes cost',
  },
  {
    number: 7,
    step: 'update: expected EQ M',
    dynalite: 'ConditionalCheckFailedException',
    strict: 'ok {}',
    why: 'dynalite takes no two maps for equal',
  },
  {
    number: 8,
    step: 'update: expected NE M',
    dynalite: 'ok {}',
    strict: 'ConditionalCheckFailedException',
    why: 'the same',
  },
  {
    number: 9,
    step: 'delete: again',
    dynalite: 'ok {}',
    strict: 'ok {"ConsumedCapacity":{"CapacityUnits":1,"TableName":"script"}}',
    why: 'nobody asked for it: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DeleteItem.html',
  },
  {
    number: 10,
    step: 'transaction: with a wrong type',
    dynalite: 'TransactionCanceledException None, ValidationError',
    strict: 'ValidationException',
    why: `documented as a ValidationError among the reasons, as over dynalite: ${transactionReasons}`,
  },
  {
    number: 11,
    step: 'transaction: with an update of an empty key of an index',
    dynalite: 'TransactionCanceledException ValidationError',
    strict: 'ValidationException',
    why: `not known of AWS; its like is documented as a ValidationError among the reasons: ${transactionReasons}`,
  },
  {
    number: 12,
    step: 'transaction: and count capacity',
    dynalite: 'ok {}',
    strict: 'ok {"ConsumedCapacity":[{"CapacityUnits":6,"TableName":"script"}]}',
    why: 'the transactions over dynalite count nothing',
  },
  {
    number: 13,
    step: 'transaction: that reads a wrong key',
    dynalite: 'ValidationException',
    strict: 'TransactionCanceledException',
    why: 'not known of AWS; DynamoDB Local gives no reasons with it',
  },
  {
    number: 14,
    step: 'others: PartiQL',
    dynalite: 'UnknownOperationException',
    strict:
      'ok {"Items":["{\\"at\\":{\\"N\\":\\"1\\"},\\"id\\":{\\"S\\":\\"a\\"},\\"owner\\":{\\"S\\":\\"u1\\"},\\"rank\\":{\\"N\\":\\"2\\"}}"]}',
    why: 'dynalite has no PartiQL',
  },
  {
    number: 15,
    step: 'others: limits',
    dynalite: 'UnknownOperationException',
    strict:
      'ok {"AccountMaxReadCapacityUnits":80000,"AccountMaxWriteCapacityUnits":80000,' +
      '"TableMaxReadCapacityUnits":40000,"TableMaxWriteCapacityUnits":40000}',
    why: 'dynalite has no account',
  },
  {
    number: 16,
    step: 'others: a number for a name',
    dynalite: 'SerializationException',
    strict: 'ValidationException',
    why: "dynalite's error was recorded from AWS by its authors",
  },
];
