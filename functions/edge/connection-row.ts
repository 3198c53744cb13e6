import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { type Connection, sessionOwner, userOwner } from '../core/connections/connection.ts';
import type { RegisteredConnection, RevokedConnection } from '../core/connections/connection-registry.ts';
import type { RefusalReason } from '../core/refusal.ts';
import { connectionsTable } from './tables.ts';

/** A row of DynamoDB. */
export type Row = Record<string, AttributeValue>;

export interface ConnectionTableNames {
  readonly connections: string;
  readonly owners: string;
}

const { partitionKey, sortKey } = connectionsTable;

/** The attributes that `readRow` reads. */
export const shown = `${partitionKey}, ${sortKey}, connectedAt, welcomedAt`;
export const stillThere = `attribute_exists(${sortKey})`;

export function keyOf({ principalId, connectionId }: Connection): Row {
  return { [partitionKey]: { S: principalId }, [sortKey]: { S: connectionId } };
}

/** The update that marks a row as revoked, where there is one. */
export function revocationOf(revokedAt: number, why: RefusalReason) {
  return {
    UpdateExpression: 'SET revokedAt = :time, revokedFor = :why',
    ConditionExpression: stillThere,
    ExpressionAttributeValues: { ':time': { N: String(revokedAt) }, ':why': { S: why } },
  };
}

export function readRevoked(row: Row): RevokedConnection {
  const { connectedAt, welcomed } = readRow(row);
  return { channels: channelsOf(row), connectedAt, welcomed };
}

export function channelsOf(row: Row | undefined): readonly string[] {
  return row?.channels?.SS ?? [];
}

export function ownersIn(row: Row): readonly string[] {
  return [sessionOwner(row.sessionHash?.S ?? ''), ...(row.actsAs?.SS ?? []).map(userOwner)];
}

export function numberOf(name: string, value: number | undefined): Row {
  return value === undefined ? {} : { [name]: { N: String(value) } };
}

/** Of a row with what `shown` names. */
export function readRow(row: Row): RegisteredConnection {
  return {
    principalId: row[partitionKey]?.S ?? '',
    connectionId: row[sortKey]?.S ?? '',
    connectedAt: Number(row.connectedAt?.N),
    welcomed: row.welcomedAt !== undefined,
  };
}
