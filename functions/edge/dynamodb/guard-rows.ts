import { randomBytes } from 'node:crypto';
import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Clock } from '../../core/clock.ts';
import {
  emptyGuardState,
  everyUser,
  type GuardMemory,
  type GuardState,
  hashLength,
  type LastAnswers,
} from '../../core/sessions/guard-memory.ts';
import { findRow, isThere, number, optional, type Row } from './row.ts';
import { claimsTable, rowVersion } from './tables.ts';

const { partitionKey, ttl } = claimsTable;
const [stateName, releaseName] = ['guard:revalidate', 'guard:released'];
const kinds = ['known', 'lost', 'unanswered'] as const;
/** Stands for an unknown minute. A minute is one byte: its distance to the minute of the run. */
const never = 255;
const [userBytes, silenceBytes] = [hashLength / 2, hashLength];

/** The guard's state as a packed row of the claims table: 7 bytes for a user, 10 for a session without an answer. */
export function createGuardRows(table: string, client: DynamoDBClient, clock: Clock): GuardMemory {
  return {
    async read() {
      const row = await find(stateName);
      return row === undefined ? emptyGuardState(randomBytes(16)) : unpack(row);
    },
    write: (state, minute, expiresAt) => put(stateName, expiresAt, pack(state, minute)),
    release: (until) => put(releaseName, until),
    isReleased: async () => (await find(releaseName)) !== undefined,
  };

  async function find(name: string): Promise<Row | undefined> {
    const row = await findRow(client, table, { [partitionKey]: { S: name } });
    return isThere(row, clock) ? row : undefined;
  }

  async function put(name: string, expiresAt: number, content: Row = {}): Promise<void> {
    const Item = { [partitionKey]: { S: name }, version: rowVersion, [ttl]: number(expiresAt), ...content };
    await client.send(new PutItemCommand({ TableName: table, Item }));
  }
}

function pack(state: GuardState, minute: number): Row {
  const age = (at: number | undefined) => (at === undefined ? never : Math.min(minute - at, never - 1));
  const users = [...state.users].map(([user, answers]) => record(user, ...kinds.map((kind) => age(answers[kind]))));
  const silences = [...state.silences].map(([session, { since, checks }]) =>
    record(session, age(since), Math.min(checks, never)),
  );
  return {
    minute: number(minute),
    salt: { B: state.salt },
    users: { B: Buffer.concat(users) },
    sampleLimit: { S: state.limit },
    silences: { B: Buffer.concat(silences) },
    runsInVain: number(state.runsInVain),
    ...optional('heldSince', state.heldSince),
    ...optional('doubtSince', state.doubtSince),
  };
}

function unpack(row: Row): GuardState {
  const minute = Number(row['minute']?.N);
  const users = recordsIn(row['users']?.B, userBytes, kinds.length).map(([user, ages]): [string, LastAnswers] => {
    const known = kinds.flatMap((kind, at) => (ages[at] === never ? [] : [[kind, minute - (ages[at] ?? 0)]]));
    return [user, Object.fromEntries(known)];
  });
  const silences = recordsIn(row['silences']?.B, silenceBytes, 2).map(([session, [age = 0, checks = 0]]) => {
    return [session, { since: minute - age, checks }] as const;
  });
  return {
    salt: row['salt']?.B ?? new Uint8Array(),
    users: new Map(users),
    limit: row['sampleLimit']?.S ?? everyUser,
    silences: new Map(silences),
    runsInVain: Number(row['runsInVain']?.N),
    ...(row['heldSince']?.N === undefined ? {} : { heldSince: Number(row['heldSince'].N) }),
    ...(row['doubtSince']?.N === undefined ? {} : { doubtSince: Number(row['doubtSince'].N) }),
  };
}

function record(hash: string, ...numbers: readonly number[]): Buffer {
  return Buffer.concat([Buffer.from(hash, 'hex'), Buffer.from(numbers)]);
}

function recordsIn(packed: Uint8Array = new Uint8Array(), hashBytes: number, numbers: number): [string, number[]][] {
  const bytes = Buffer.from(packed);
  const length = hashBytes + numbers;
  return Array.from({ length: bytes.length / length }, (_, n) => {
    const one = bytes.subarray(n * length, (n + 1) * length);
    return [one.toString('hex', 0, hashBytes), [...one.subarray(hashBytes)]];
  });
}
