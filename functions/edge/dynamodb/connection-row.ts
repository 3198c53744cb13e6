import { type Connection, sessionOwner, userOwner } from '../../core/connections/connection.ts';
import type { RegisteredConnection, RevokedConnection } from '../../core/connections/connection-registry.ts';
import type { Row } from './row.ts';
import { connectionsTable } from './tables.ts';

export interface ConnectionTableNames {
  readonly connections: string;
  readonly owners: string;
}

const { partitionKey, sortKey } = connectionsTable;

/** The attributes that `readConnection` reads. */
export const projection = `${partitionKey}, ${sortKey}, connectedAt, welcomedAt`;

export function keyOf({ principalId, connectionId }: Connection): Row {
  return { [partitionKey]: { S: principalId }, [sortKey]: { S: connectionId } };
}

export function readConnection(row: Row): RegisteredConnection {
  return {
    principalId: row[partitionKey]?.S ?? '',
    connectionId: row[sortKey]?.S ?? '',
    connectedAt: Number(row['connectedAt']?.N),
    welcomed: row['welcomedAt'] !== undefined,
  };
}

export function readRevoked(row: Row): RevokedConnection {
  const { connectedAt, welcomed } = readConnection(row);
  return { channels: channelsOf(row), connectedAt, welcomed };
}

export function channelsOf(row: Row | undefined): readonly string[] {
  return row?.['channels']?.SS ?? [];
}

export function ownersOf(row: Row): readonly string[] {
  return [sessionOwner(row['sessionHash']?.S ?? ''), ...(row['actsAs']?.SS ?? []).map(userOwner)];
}
