import {
  type AttributeValue,
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { Clock } from '../../core/clock.ts';
import {
  type Connection,
  connectionLifetime,
  sessionOwner,
  userOwner,
  welcomePatience,
} from '../../core/connections/connection.ts';
import type { ConnectionRegistry } from '../../core/connections/connection-registry.ts';
import type { RefusalReason } from '../../core/refusal.ts';
import {
  type ConnectionTableNames,
  channelsOf,
  keyOf,
  ownersOf,
  projection,
  readConnection,
  readRevoked,
} from './connection-row.ts';
import { createOwnerRows } from './owner-rows.ts';
import {
  batchLimit,
  conditionFailed,
  epochSeconds,
  findRow,
  notExpired,
  now,
  number,
  optional,
  queryRows,
  type Row,
  readBatch,
  scanRows,
  updateRow,
} from './row.ts';
import { connectionRowVersion, connectionsTable } from './tables.ts';

const { partitionKey, sortKey, ttl } = connectionsTable;
const stillThere = `attribute_exists(${sortKey})`;
const notRevoked = 'attribute_not_exists(revokedAt)';
const sessionNotEnded = '(attribute_not_exists(sessionExpiresAt) OR sessionExpiresAt > :now)';
const isAlive = `${notExpired} AND ${sessionNotEnded} AND ${notRevoked}`;

/**
 * The registry as rows of two DynamoDB tables: a connection's row is keyed by its principal, and other owners have a
 * row each.
 */
export function createConnectionRows(
  { connections: table, owners: ownersTable }: ConnectionTableNames,
  client: DynamoDBClient,
  clock: Clock,
): ConnectionRegistry {
  const owners = createOwnerRows(ownersTable, client, clock);
  return {
    async add(connection) {
      const Item = {
        ...keyOf(connection),
        version: connectionRowVersion,
        sessionHash: { S: connection.sessionHash },
        connectedAt: number(connection.connectedAt),
        ...optional('sessionSeal', connection.sessionSeal),
        ...optional('validUntil', connection.validUntil),
        ...optional('sessionExpiresAt', connection.sessionExpiresAt),
        [ttl]: number(Math.floor(connection.connectedAt / 1000) + connectionLifetime),
      };
      const put = client.send(new PutItemCommand({ TableName: table, Item }));
      await Promise.all([put, addOwner(sessionOwner(connection.sessionHash), connection)]);
    },

    async holds(connection, channel) {
      const row = await find(connection);
      if (row === undefined || row['revokedAt'] !== undefined) return false;
      return channel === undefined || channelsOf(row).includes(channel);
    },

    maySend,

    async whyRevoked(connection) {
      const row = await find(connection);
      // Only `revoke` writes it.
      return row?.['revokedAt'] === undefined ? undefined : ((row['revokedFor']?.S ?? 'revoked') as RefusalReason);
    },

    async join(connection, channel, limit, userId) {
      const [hasRoom, isIn] = [
        'attribute_not_exists(channels) OR size(channels) < :limit',
        'contains(channels, :channel)',
      ];
      const before = await update(connection, {
        UpdateExpression: `ADD channels :channels${userId === undefined ? '' : ', actsAs :users'}`,
        ConditionExpression: `${isAlive} AND (${hasRoom} OR ${isIn})`,
        ExpressionAttributeValues: {
          ':channels': { SS: [channel] },
          ':channel': { S: channel },
          ':limit': number(limit),
          ...(userId === undefined ? {} : { ':users': { SS: [userId] } }),
          ...now(clock),
        },
        ReturnValues: 'UPDATED_OLD',
      });
      if (before === conditionFailed) return (await maySend(connection)) ? 'full' : 'away';
      // On every join, because a Lambda may have died here after it wrote the user to the connection's row.
      if (userId !== undefined) await addOwner(userOwner(userId), connection);
      return channelsOf(before).includes(channel) ? 'again' : 'joined';
    },

    async leaveChannel(connection, channel) {
      await update(connection, {
        UpdateExpression: 'DELETE channels :channels',
        ConditionExpression: stillThere,
        ExpressionAttributeValues: { ':channels': { SS: [channel] } },
      });
    },

    async signIn(connection, { userId, userInfo }) {
      const outcome = await update(connection, {
        UpdateExpression: 'SET signedInAs = :id, signedInInfo = :info',
        ConditionExpression: `${isAlive} AND (attribute_not_exists(signedInAs) OR signedInAs = :id)`,
        ExpressionAttributeValues: {
          ':id': { S: userId },
          ':info': { S: JSON.stringify(userInfo ?? null) },
          ...now(clock),
        },
      });
      if (outcome !== conditionFailed) return 'signed in';
      return (await maySend(connection)) ? 'other' : 'away';
    },

    async signedInAs(connection) {
      const row = await find(connection);
      if (row?.['signedInAs']?.S === undefined) return undefined;
      return { userId: row['signedInAs'].S, userInfo: JSON.parse(row['signedInInfo']?.S ?? 'null') };
    },

    async markWelcomed(connection, welcomedAt) {
      const outcome = await update(connection, {
        UpdateExpression: 'SET welcomedAt = :time',
        ConditionExpression: `${stillThere} AND ${notRevoked}`,
        ExpressionAttributeValues: { ':time': number(welcomedAt) },
      });
      return outcome !== conditionFailed;
    },

    async revoke(connection, revokedAt, why) {
      const change = { ...revocation(revokedAt, why), ReturnValues: 'ALL_OLD' as const };
      const row = await update(connection, change);
      return row === undefined || row === conditionFailed ? undefined : readRevoked(row);
    },

    async revokeTogether(connections, revokedAt, why) {
      const batches: Promise<readonly Row[] | undefined>[] = [];
      for (let start = 0; start < connections.length; start += batchLimit) {
        batches.push(revokeBatch(connections.slice(start, start + batchLimit), revokedAt, why));
      }
      const found = await Promise.all(batches);
      if (!found.every((rows) => rows !== undefined)) return undefined;
      return new Map(found.flat().map((row) => [row[sortKey]?.S ?? '', readRevoked(row)]));
    },

    async leave(connection) {
      const { Attributes: row } = await client.send(
        new DeleteItemCommand({ TableName: table, Key: keyOf(connection), ReturnValues: 'ALL_OLD' }),
      );
      if (row === undefined) return [];
      // After the row, so that an owner row that cannot be removed only names a connection that is gone.
      await Promise.all(ownersOf(row).map((owner) => removeOwner(owner, connection)));
      return channelsOf(row);
    },

    // Every read here is consistent: a connection that a stale read misses would stay open after the logout.
    async *ofUser(userId) {
      yield* ofPrincipal(userOwner(userId), notExpired, now(clock));
      yield* owners.connectionsOf(userOwner(userId));
    },

    async *ofSession(sessionHash, userId) {
      yield* ofPrincipal(sessionOwner(sessionHash), notExpired, now(clock));
      yield* owners.connectionsOf(sessionOwner(sessionHash));
      if (userId === undefined) return;
      const values = { ':hash': { S: sessionHash }, ...now(clock) };
      yield* ofPrincipal(userOwner(userId), `${notExpired} AND sessionHash = :hash`, values);
    },

    async own(connection, users) {
      const row = await find(connection);
      if (row === undefined) return false;
      const names = [sessionOwner(row['sessionHash']?.S ?? ''), ...users.map(userOwner)];
      await Promise.all(names.map((owner) => addOwner(owner, connection)));
      const outcome = await update(connection, {
        UpdateExpression: `SET #version = :version${users.length === 0 ? '' : ' ADD actsAs :users'}`,
        ConditionExpression: stillThere,
        ExpressionAttributeNames: { '#version': 'version' },
        ExpressionAttributeValues: {
          ':version': connectionRowVersion,
          ...(users.length === 0 ? {} : { ':users': { SS: [...users] } }),
        },
      });
      return outcome !== conditionFailed;
    },

    openOf(principalId) {
      const [hasOpened, mayOpen] = ['attribute_exists(welcomedAt)', 'connectedAt > :welcomedSince'];
      const values = { ':welcomedSince': number(clock.now() - welcomePatience * 1000), ...now(clock) };
      // Consistent too: of two simultaneous connections the later one must see both.
      return ofPrincipal(principalId, `${notExpired} AND ${notRevoked} AND (${hasOpened} OR ${mayOpen})`, values);
    },

    everyone() {
      const scan = {
        TableName: table,
        // The scan must see connections that were added before it began: the tick that a connect starts reads at once.
        ConsistentRead: true,
        ProjectionExpression: projection,
        FilterExpression: isAlive,
        ExpressionAttributeValues: now(clock),
      };
      return scanRows(client, scan, readConnection);
    },
  };

  /** With a consistent read. */
  function ofPrincipal(principalId: string, FilterExpression: string, values: Row) {
    const query = {
      TableName: table,
      ConsistentRead: true,
      ProjectionExpression: projection,
      KeyConditionExpression: `${partitionKey} = :principal`,
      FilterExpression,
      ExpressionAttributeValues: { ':principal': { S: principalId }, ...values },
    };
    return queryRows(client, query, readConnection);
  }

  /** The principal needs no owner row, because it is in the connection's key. */
  async function addOwner(owner: string, connection: Connection): Promise<void> {
    if (owner !== connection.principalId) await owners.add(owner, connection);
  }

  async function removeOwner(owner: string, connection: Connection): Promise<void> {
    if (owner !== connection.principalId) await owners.remove(owner, connection);
  }

  async function find(connection: Connection): Promise<Row | undefined> {
    const attributes = `${sortKey}, ${ttl}, revokedAt, revokedFor, sessionHash, sessionExpiresAt, channels, signedInAs, signedInInfo`;
    return findRow(client, table, keyOf(connection), attributes);
  }

  async function maySend(connection: Connection): Promise<boolean> {
    const row = await find(connection);
    const isFuture = (end: AttributeValue | undefined) =>
      Number(end?.N ?? Number.POSITIVE_INFINITY) > epochSeconds(clock);
    if (row === undefined || row['revokedAt'] !== undefined) return false;
    return isFuture(row[ttl]) && isFuture(row['sessionExpiresAt']);
  }

  function update(connection: Connection, change: Omit<UpdateItemCommandInput, 'TableName' | 'Key'>) {
    return updateRow(client, { TableName: table, Key: keyOf(connection), ...change });
  }

  /**
   * Uses two requests, because one update for each row would take most of a logout's time. A transaction costs twice as
   * much as its updates. It does not return the rows, so they are read after it: a revoked connection joins no more
   * channels.
   * @returns undefined if a connection has left, is written at the same time, or could not be read
   */
  async function revokeBatch(
    batch: readonly Connection[],
    revokedAt: number,
    why: RefusalReason,
  ): Promise<readonly Row[] | undefined> {
    const change = revocation(revokedAt, why);
    const TransactItems = batch.map((each) => ({ Update: { TableName: table, Key: keyOf(each), ...change } }));
    try {
      await client.send(new TransactWriteItemsCommand({ TransactItems }));
    } catch (error) {
      if (error instanceof TransactionCanceledException) return undefined;
      throw error;
    }
    return readBatch(client, table, batch.map(keyOf), `${projection}, channels`);
  }
}

/** The update that marks an existing row as revoked. */
function revocation(revokedAt: number, why: RefusalReason) {
  return {
    UpdateExpression: 'SET revokedAt = :time, revokedFor = :why',
    ConditionExpression: stillThere,
    ExpressionAttributeValues: { ':time': number(revokedAt), ':why': { S: why } },
  };
}
