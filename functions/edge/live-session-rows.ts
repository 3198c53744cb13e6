import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  paginateScan,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Clock } from '../core/clock.ts';
import { type Connection, sessionOwner, userOwner } from '../core/connections/connection.ts';
import { isSameSessionId } from '../core/handshake/session.ts';
import type { DueConnection, LiveSession, LiveSessions } from '../core/sessions/live-sessions.ts';
import { type ConnectionTableNames, channelsOf, keyOf, type Row, readRow, shown } from './connection-row.ts';
import { orUnfit } from './or-unfit.ts';
import { createOwnerRows } from './owner-rows.ts';
import { connectionRowVersion, connectionsTable } from './tables.ts';

const { partitionKey, sortKey, ttl } = connectionsTable;
const ofSession = `attribute_exists(${sortKey}) AND sessionHash = :hash`;

/** The sessions behind open sockets, as attributes of the connections' own rows. */
export function createLiveSessionRows(
  { connections: table, owners: ownersTable }: ConnectionTableNames,
  client: DynamoDBClient,
  clock: Clock,
): LiveSessions {
  const owners = createOwnerRows(ownersTable, client, clock);
  return {
    async *due(endsBefore) {
      const [endsSoon, isToBeChecked] = ['sessionExpiresAt < :endsBefore', 'validUntil <= :now'];
      const isOlder = 'attribute_not_exists(#version) OR #version < :version';
      // Functions of 0.1.0 sign in on a newer row as well, for as long as the update takes.
      const isUnowned = `begins_with(${partitionKey}, :session) AND attribute_exists(signedInAs) AND attribute_not_exists(actsAs)`;
      const pages = paginateScan(
        { client },
        {
          TableName: table,
          // Not consistent, at half the price: whoever is missed is found a minute later.
          ProjectionExpression: `${shown}, sessionHash, sessionExpiresAt, validUntil, #version, actsAs, channels, signedInAs`,
          FilterExpression: `${ttl} > :now AND (${endsSoon} OR ${isToBeChecked} OR ${isOlder} OR (${isUnowned}))`,
          ExpressionAttributeNames: { '#version': 'version' },
          ExpressionAttributeValues: {
            ':now': { N: String(Math.floor(clock.now() / 1000)) },
            ':endsBefore': { N: String(endsBefore) },
            ':version': connectionRowVersion,
            ':session': { S: sessionOwner('') },
          },
        },
      );
      for await (const page of pages) yield (page.Items ?? []).map(readDue);
    },

    find,

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
      // The new owner first: a logout with the new id finds the connection by it.
      await owners.add(sessionOwner(to.sessionHash), connection);
      const isRebound = await update(connection, sessionHash, `SET ${changes.join(', ')}`, values);
      if (isRebound && !isSameSessionId(to.sessionHash, sessionHash))
        await owners.remove(sessionOwner(sessionHash), connection);
      // It has left, and would be looked for at each logout. Else another rebind to the same id may have been faster.
      if (!isRebound && (await find(connection)) === undefined)
        await owners.remove(sessionOwner(to.sessionHash), connection);
      return isRebound;
    },
  };

  async function find(connection: Connection): Promise<LiveSession | undefined> {
    const { Item } = await client.send(
      new GetItemCommand({
        TableName: table,
        Key: keyOf(connection),
        ConsistentRead: true,
        ProjectionExpression: 'sessionHash, sessionSeal, sessionExpiresAt',
      }),
    );
    return Item === undefined ? undefined : readLiveSession(Item);
  }

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
  const isOwned = Number(row.version?.N ?? 0) >= Number(connectionRowVersion.N);
  const isNamed = row[partitionKey]?.S?.startsWith(userOwner('')) === true;
  const isSignInOwned = isNamed || row.signedInAs === undefined || row.actsAs !== undefined;
  return {
    ...readRow(row),
    sessionHash: row.sessionHash?.S ?? '',
    sessionExpiresAt: readNumber(row.sessionExpiresAt),
    validUntil: readNumber(row.validUntil),
    unowned: isOwned && isSignInOwned ? undefined : { signedInAs: row.signedInAs?.S, channels: channelsOf(row) },
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
