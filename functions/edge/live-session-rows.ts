import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  paginateScan,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Clock } from '../core/clock.ts';
import type { Connection } from '../core/connection.ts';
import type { DueConnection, LiveSession, LiveSessions } from '../core/live-sessions.ts';
import { keyOf, readRow, shown } from './connection-rows.ts';
import { orUnfit } from './or-unfit.ts';
import { connectionsTable } from './tables.ts';

type Row = Record<string, AttributeValue>;

const { sortKey, ttl } = connectionsTable;
const ofSession = `attribute_exists(${sortKey}) AND sessionHash = :hash`;

/** The sessions behind open sockets, as attributes of the connections' own rows. */
export function createLiveSessionRows(table: string, client: DynamoDBClient, clock: Clock): LiveSessions {
  return {
    async *due() {
      const [hasEnded, isToBeChecked] = ['sessionExpiresAt <= :now', 'validUntil <= :now'];
      const pages = paginateScan(
        { client },
        {
          TableName: table,
          // Not consistent, at half the price: whoever is missed is found a minute later.
          ProjectionExpression: `${shown}, sessionHash, sessionExpiresAt`,
          FilterExpression: `${ttl} > :now AND (${hasEnded} OR ${isToBeChecked})`,
          ExpressionAttributeValues: { ':now': { N: String(Math.floor(clock.now() / 1000)) } },
        },
      );
      for await (const page of pages) yield (page.Items ?? []).map(readDue);
    },

    async find(connection) {
      const { Item } = await client.send(
        new GetItemCommand({
          TableName: table,
          Key: keyOf(connection),
          ConsistentRead: true,
          ProjectionExpression: 'sessionHash, sessionSeal, sessionExpiresAt',
        }),
      );
      return Item === undefined ? undefined : readLiveSession(Item);
    },

    async prolong(connection, sessionHash, { validUntil, sessionExpiresAt }) {
      const next = `SET validUntil = :validUntil`;
      const values = { ':validUntil': { N: String(validUntil) } };
      if (sessionExpiresAt === undefined) {
        return update(connection, sessionHash, `${next} REMOVE sessionExpiresAt`, values);
      }
      const end = { ':end': { N: String(sessionExpiresAt) } };
      return update(connection, sessionHash, `${next}, sessionExpiresAt = :end`, { ...values, ...end });
    },

    async rebind(connection, sessionHash, to) {
      const values: Row = {
        ':to': { S: to.sessionHash },
        ...(to.sessionSeal === undefined ? {} : { ':seal': { S: to.sessionSeal } }),
        ...(to.validUntil === undefined ? {} : { ':validUntil': { N: String(to.validUntil) } }),
      };
      const names = { ':to': 'sessionHash', ':seal': 'sessionSeal', ':validUntil': 'validUntil' };
      const changes = Object.entries(names).flatMap(([value, name]) => (value in values ? [`${name} = ${value}`] : []));
      return update(connection, sessionHash, `SET ${changes.join(', ')}`, values);
    },
  };

  async function update(connection: Connection, hash: string, expression: string, values: Row): Promise<boolean> {
    const change = new UpdateItemCommand({
      TableName: table,
      Key: keyOf(connection),
      UpdateExpression: expression,
      ConditionExpression: ofSession,
      ExpressionAttributeValues: { ...values, ':hash': { S: hash } },
    });
    return (await orUnfit(client.send(change))) !== 'unfit';
  }
}

function readDue(row: Row): DueConnection {
  return {
    ...readRow(row),
    sessionHash: row.sessionHash?.S ?? '',
    sessionExpiresAt: readNumber(row.sessionExpiresAt),
  };
}

function readLiveSession(row: Row): LiveSession {
  return {
    sessionHash: row.sessionHash?.S ?? '',
    sessionSeal: row.sessionSeal?.S,
    sessionExpiresAt: readNumber(row.sessionExpiresAt),
  };
}

function readNumber(value: AttributeValue | undefined): number | undefined {
  return value?.N === undefined ? undefined : Number(value.N);
}
