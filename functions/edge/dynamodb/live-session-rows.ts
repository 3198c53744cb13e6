import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Clock } from '../../core/clock.ts';
import { type Connection, sessionOwner, userOwner } from '../../core/connections/connection.ts';
import { isSameSessionId } from '../../core/handshake/session.ts';
import type { DueConnection, LiveSession, LiveSessions } from '../../core/sessions/live-sessions.ts';
import { type ConnectionTableNames, channelsOf, keyOf, projection, readConnection } from './connection-row.ts';
import { createOwnerRows } from './owner-rows.ts';
import {
  conditionFailed,
  findRow,
  notExpired,
  now,
  number,
  optional,
  type Row,
  readNumber,
  scanRows,
  updateRow,
} from './row.ts';
import { connectionRowVersion, connectionsTable } from './tables.ts';

const { partitionKey, sortKey } = connectionsTable;
const ofSession = `attribute_exists(${sortKey}) AND sessionHash = :hash`;

/** The sessions behind open sockets, as attributes of the connections' own rows. */
export function createLiveSessionRows(
  { connections: table, owners: ownersTable }: ConnectionTableNames,
  client: DynamoDBClient,
  clock: Clock,
): LiveSessions {
  const owners = createOwnerRows(ownersTable, client, clock);
  return {
    due(endsBefore) {
      const [endsSoon, isToBeChecked] = ['sessionExpiresAt < :endsBefore', 'validUntil <= :now'];
      const isOlder = 'attribute_not_exists(#version) OR #version < :version';
      // During an update, functions of 0.1.0 sign in on newer rows too.
      const isUnowned = `begins_with(${partitionKey}, :session) AND attribute_exists(signedInAs) AND attribute_not_exists(actsAs)`;
      const scan = {
        TableName: table,
        // Eventually consistent, at half the price: the next run, a minute later, finds rows that this one misses.
        ProjectionExpression: `${projection}, sessionHash, sessionExpiresAt, validUntil, #version, actsAs, channels, signedInAs`,
        FilterExpression: `${notExpired} AND (${endsSoon} OR ${isToBeChecked} OR ${isOlder} OR (${isUnowned}))`,
        ExpressionAttributeNames: { '#version': 'version' },
        ExpressionAttributeValues: {
          ':endsBefore': number(endsBefore),
          ':version': connectionRowVersion,
          ':session': { S: sessionOwner('') },
          ...now(clock),
        },
      };
      return scanRows(client, scan, readDue);
    },

    find,

    async prolong(connection, sessionHash, { validUntil, sessionExpiresAt }) {
      const next = `SET validUntil = :validUntil`;
      const values = { ':validUntil': number(validUntil) };
      if (sessionExpiresAt === undefined) {
        return update(connection, sessionHash, `${next} REMOVE sessionExpiresAt`, values);
      }
      const end = { ':end': number(sessionExpiresAt) };
      return update(connection, sessionHash, `${next}, sessionExpiresAt = :end`, { ...values, ...end });
    },

    async rebind(connection, sessionHash, to) {
      const values: Row = {
        ':to': { S: to.sessionHash },
        ...optional(':seal', to.sessionSeal),
        ...optional(':validUntil', to.validUntil),
      };
      const names = { ':to': 'sessionHash', ':seal': 'sessionSeal', ':validUntil': 'validUntil' };
      const changes = Object.entries(names).flatMap(([value, name]) => (value in values ? [`${name} = ${value}`] : []));
      // The new owner first, so that a logout with the new id finds the connection.
      await owners.add(sessionOwner(to.sessionHash), connection);
      const isRebound = await update(connection, sessionHash, `SET ${changes.join(', ')}`, values);
      if (isRebound && !isSameSessionId(to.sessionHash, sessionHash))
        await owners.remove(sessionOwner(sessionHash), connection);
      // Remove the owner of a connection that has left. If it has not, another rebind to the same id may have been
      // faster.
      if (!isRebound && (await find(connection)) === undefined)
        await owners.remove(sessionOwner(to.sessionHash), connection);
      return isRebound;
    },
  };

  async function find(connection: Connection): Promise<LiveSession | undefined> {
    const row = await findRow(client, table, keyOf(connection), 'sessionHash, sessionSeal, sessionExpiresAt');
    return row === undefined ? undefined : readLiveSession(row);
  }

  async function update(connection: Connection, hash: string, expression: string, values: Row): Promise<boolean> {
    const outcome = await updateRow(client, {
      TableName: table,
      Key: keyOf(connection),
      UpdateExpression: expression,
      ConditionExpression: ofSession,
      ExpressionAttributeValues: { ...values, ':hash': { S: hash } },
    });
    return outcome !== conditionFailed;
  }
}

function readDue(row: Row): DueConnection {
  const isOwned = Number(row['version']?.N ?? 0) >= Number(connectionRowVersion.N);
  const isNamed = row[partitionKey]?.S?.startsWith(userOwner('')) === true;
  const isSignInOwned = isNamed || row['signedInAs'] === undefined || row['actsAs'] !== undefined;
  return {
    ...readConnection(row),
    sessionHash: row['sessionHash']?.S ?? '',
    sessionExpiresAt: readNumber(row['sessionExpiresAt']),
    validUntil: readNumber(row['validUntil']),
    unowned: isOwned && isSignInOwned ? undefined : { signedInAs: row['signedInAs']?.S, channels: channelsOf(row) },
  };
}

function readLiveSession(row: Row): LiveSession {
  return {
    sessionHash: row['sessionHash']?.S ?? '',
    sessionSeal: row['sessionSeal']?.S,
    sessionExpiresAt: readNumber(row['sessionExpiresAt']),
  };
}
