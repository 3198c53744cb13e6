/** Of every table: the attribute that says when DynamoDB may delete a row, in epoch seconds. */
export const ttl = 'expiresAt';

/** Keys of the tables, written once: the construct declares them and the rows use them. */
export const connectionsTable = { partitionKey: 'principalId', sortKey: 'connectionId', ttl } as const;
export const subscriptionsTable = { partitionKey: 'channel', sortKey: 'connectionId', ttl } as const;
export const membersTable = { partitionKey: 'channel', sortKey: 'userId', ttl } as const;
export const ownersTable = { partitionKey: 'owner', sortKey: 'connectionId', ttl } as const;
export const revocationsTable = { partitionKey: 'principalId', ttl } as const;
export const claimsTable = { partitionKey: 'claim', ttl } as const;

/**
 * The attribute `version` of every row: the layout that its writer knew. During an update old and new functions share the
 * tables: a release with another layout raises the number, and tells by it what the others have written.
 */
export const rowVersion = { N: '1' } as const;

/**
 * Of a connection's row: its owners are in the owners table. Functions of 0.1.0 write 1, and the next run of `revalidate` then writes
 * what is missing.
 */
export const connectionRowVersion = { N: '2' } as const;
