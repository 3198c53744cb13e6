import {
  type AttributeValue,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  paginateQuery,
  paginateScan,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { Clock } from '../core/clock.ts';
import {
  type Connection,
  connectionLifetime,
  sessionOwner,
  userOwner,
  welcomePatience,
} from '../core/connections/connection.ts';
import type { ConnectionRegistry } from '../core/connections/connection-registry.ts';
import type { RefusalReason } from '../core/refusal.ts';
import {
  type ConnectionTableNames,
  channelsOf,
  keyOf,
  numberOf,
  ownersIn,
  type Row,
  readRevoked,
  readRow,
  revocationOf,
  shown,
  stillThere,
} from './connection-row.ts';
import { orUnfit } from './or-unfit.ts';
import { createOwnerRows } from './owner-rows.ts';
import { markTogether } from './revoke-together.ts';
import { connectionRowVersion, connectionsTable } from './tables.ts';

const { partitionKey, sortKey, ttl } = connectionsTable;
const notRevoked = 'attribute_not_exists(revokedAt)';
// TTL may delete days late (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ttl-expired-items.html).
const notExpired = `${ttl} > :now`;

const sessionGoesOn = '(attribute_not_exists(sessionExpiresAt) OR sessionExpiresAt > :now)';
const isAlive = `${notExpired} AND ${sessionGoesOn} AND ${notRevoked}`;

/** The registry as rows of two DynamoDB tables: a connection lies with its principal, and its other owners name it. */
export function createConnectionRows(
  { connections: table, owners: ownersTable }: ConnectionTableNames,
  client: DynamoDBClient,
  clock: Clock,
): ConnectionRegistry {
  const owners = createOwnerRows(ownersTable, client, clock);
  return {
    async add(connection) {
      const expiresAt = Math.floor(connection.connectedAt / 1000) + connectionLifetime;
      const Item = {
        ...keyOf(connection),
        version: connectionRowVersion,
        sessionHash: { S: connection.sessionHash },
        connectedAt: { N: String(connection.connectedAt) },
        ...(connection.sessionSeal === undefined ? {} : { sessionSeal: { S: connection.sessionSeal } }),
        ...numberOf('validUntil', connection.validUntil),
        ...numberOf('sessionExpiresAt', connection.sessionExpiresAt),
        [ttl]: { N: String(expiresAt) },
      };
      const put = client.send(new PutItemCommand({ TableName: table, Item }));
      await Promise.all([put, addOwner(sessionOwner(connection.sessionHash), connection)]);
    },

    async holds(connection, channel) {
      const row = await find(connection);
      if (row === undefined || row.revokedAt !== undefined) return false;
      return channel === undefined || channelsOf(row).includes(channel);
    },

    maySpeak,

    async whyRevoked(connection) {
      const row = await find(connection);
      // Nobody but `revoke` writes it.
      return row?.revokedAt === undefined ? undefined : ((row.revokedFor?.S ?? 'revoked') as RefusalReason);
    },

    async join(connection, channel, limit, userId) {
      const [hasRoom, isIn] = [
        'attribute_not_exists(channels) OR size(channels) < :limit',
        'contains(channels, :channel)',
      ];
      const outcome = await update({
        Key: keyOf(connection),
        UpdateExpression: `ADD channels :channels${userId === undefined ? '' : ', actsAs :users'}`,
        ConditionExpression: `${isAlive} AND (${hasRoom} OR ${isIn})`,
        ExpressionAttributeValues: {
          ':channels': { SS: [channel] },
          ':channel': { S: channel },
          ':limit': { N: String(limit) },
          ...(userId === undefined ? {} : { ':users': { SS: [userId] } }),
          ...now(),
        },
        ReturnValues: 'UPDATED_OLD',
      });
      if (outcome === 'unfit') return (await maySpeak(connection)) ? 'full' : 'away';
      // Each time, because a Lambda may have died here after the row took the user.
      if (userId !== undefined) await addOwner(userOwner(userId), connection);
      return channelsOf(outcome).includes(channel) ? 'again' : 'joined';
    },

    async part(connection, channel) {
      await update({
        Key: keyOf(connection),
        UpdateExpression: 'DELETE channels :channels',
        ConditionExpression: stillThere,
        ExpressionAttributeValues: { ':channels': { SS: [channel] } },
      });
    },

    async signIn(connection, { userId, userInfo }) {
      const outcome = await update({
        Key: keyOf(connection),
        UpdateExpression: 'SET signedInAs = :id, signedInInfo = :info',
        ConditionExpression: `${isAlive} AND (attribute_not_exists(signedInAs) OR signedInAs = :id)`,
        ExpressionAttributeValues: {
          ':id': { S: userId },
          ':info': { S: JSON.stringify(userInfo ?? null) },
          ...now(),
        },
      });
      if (outcome !== 'unfit') return 'signed in';
      return (await maySpeak(connection)) ? 'other' : 'away';
    },

    async signedInAs(connection) {
      const row = await find(connection);
      if (row?.signedInAs?.S === undefined) return undefined;
      return { userId: row.signedInAs.S, userInfo: JSON.parse(row.signedInInfo?.S ?? 'null') };
    },

    async markWelcomed(connection, welcomedAt) {
      const outcome = await update({
        Key: keyOf(connection),
        UpdateExpression: 'SET welcomedAt = :time',
        ConditionExpression: `${stillThere} AND ${notRevoked}`,
        ExpressionAttributeValues: { ':time': { N: String(welcomedAt) } },
      });
      return outcome !== 'unfit';
    },

    async revoke(connection, revokedAt, why) {
      const outcome = await update({
        Key: keyOf(connection),
        ...revocationOf(revokedAt, why),
        ReturnValues: 'ALL_OLD',
      });
      return outcome === undefined || outcome === 'unfit' ? undefined : readRevoked(outcome);
    },

    async revokeTogether(connections, revokedAt, why) {
      const rows = await markTogether(table, client, connections, revokedAt, why);
      return rows && new Map(rows.map((row) => [row[sortKey]?.S ?? '', readRevoked(row)]));
    },

    async leave(connection) {
      const { Attributes: row } = await client.send(
        new DeleteItemCommand({ TableName: table, Key: keyOf(connection), ReturnValues: 'ALL_OLD' }),
      );
      if (row === undefined) return [];
      // After the row, so that an owner that cannot be removed names a connection that is gone.
      await Promise.all(ownersIn(row).map((owner) => removeOwner(owner, connection)));
      return channelsOf(row);
    },

    // A connection that a stale read does not show would stay open after the logout, so every read here is consistent.
    async *ofUser(userId) {
      yield* ofPrincipal(userOwner(userId), notExpired, now());
      yield* owners.connectionsOf(userOwner(userId));
    },

    async *ofSession(sessionHash, userId) {
      yield* ofPrincipal(sessionOwner(sessionHash), notExpired, now());
      yield* owners.connectionsOf(sessionOwner(sessionHash));
      if (userId === undefined) return;
      const values = { ':hash': { S: sessionHash }, ...now() };
      yield* ofPrincipal(userOwner(userId), `${notExpired} AND sessionHash = :hash`, values);
    },

    async own(connection, users) {
      const row = await find(connection);
      if (row === undefined) return false;
      const names = [sessionOwner(row.sessionHash?.S ?? ''), ...users.map(userOwner)];
      await Promise.all(names.map((owner) => addOwner(owner, connection)));
      const outcome = await update({
        Key: keyOf(connection),
        UpdateExpression: `SET #version = :version${users.length === 0 ? '' : ' ADD actsAs :users'}`,
        ConditionExpression: stillThere,
        ExpressionAttributeNames: { '#version': 'version' },
        ExpressionAttributeValues: {
          ':version': connectionRowVersion,
          ...(users.length === 0 ? {} : { ':users': { SS: [...users] } }),
        },
      });
      return outcome !== 'unfit';
    },

    openOf(principalId) {
      const [hasOpened, mayOpen] = ['attribute_exists(welcomedAt)', 'connectedAt > :welcomedSince'];
      const values = { ':welcomedSince': { N: String(clock.now() - welcomePatience * 1000) }, ...now() };
      // Of two that come at once the later one must see both, so no stale read here either.
      return ofPrincipal(principalId, `${notExpired} AND ${notRevoked} AND (${hasOpened} OR ${mayOpen})`, values);
    },

    async *everyone() {
      const pages = paginateScan(
        { client },
        {
          TableName: table,
          // Who was added before the reading began must be seen: the tick that a connect starts looks at once.
          ConsistentRead: true,
          ProjectionExpression: shown,
          FilterExpression: `${notExpired} AND ${sessionGoesOn} AND ${notRevoked}`,
          ExpressionAttributeValues: now(),
        },
      );
      for await (const page of pages) yield (page.Items ?? []).map(readRow);
    },
  };

  /** By what was written last. */
  async function* ofPrincipal(principalId: string, FilterExpression: string, values: Row) {
    const pages = paginateQuery(
      { client },
      {
        TableName: table,
        ConsistentRead: true,
        ProjectionExpression: shown,
        KeyConditionExpression: `${partitionKey} = :principal`,
        FilterExpression,
        ExpressionAttributeValues: { ':principal': { S: principalId }, ...values },
      },
    );
    for await (const page of pages) yield (page.Items ?? []).map(readRow);
  }

  /** The principal names the connection by its key. */
  async function addOwner(owner: string, connection: Connection): Promise<void> {
    if (owner !== connection.principalId) await owners.add(owner, connection);
  }

  async function removeOwner(owner: string, connection: Connection): Promise<void> {
    if (owner !== connection.principalId) await owners.remove(owner, connection);
  }

  function now(): Row {
    return { ':now': { N: String(seconds()) } };
  }

  function seconds(): number {
    return Math.floor(clock.now() / 1000);
  }

  async function find(connection: Connection): Promise<Row | undefined> {
    const answer = await client.send(
      new GetItemCommand({
        TableName: table,
        Key: keyOf(connection),
        ConsistentRead: true,
        ProjectionExpression: `${sortKey}, ${ttl}, revokedAt, revokedFor, sessionHash, sessionExpiresAt, channels, signedInAs, signedInInfo`,
      }),
    );
    return answer.Item;
  }

  async function maySpeak(connection: Connection): Promise<boolean> {
    const row = await find(connection);
    const goesOn = (end: AttributeValue | undefined) => Number(end?.N ?? Number.POSITIVE_INFINITY) > seconds();
    return row !== undefined && row.revokedAt === undefined && goesOn(row[ttl]) && goesOn(row.sessionExpiresAt);
  }

  /** What it answers of the row as it was, or `unfit` when the condition was not met. */
  async function update(change: Omit<UpdateItemCommandInput, 'TableName'>): Promise<Row | undefined | 'unfit'> {
    const outcome = await orUnfit(client.send(new UpdateItemCommand({ TableName: table, ...change })));
    return outcome === 'unfit' ? outcome : outcome.Attributes;
  }
}
