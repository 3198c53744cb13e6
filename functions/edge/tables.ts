/** Keys of the tables, written once: the construct declares them and the rows use them. */
export const connectionsTable = { partitionKey: 'principalId', sortKey: 'connectionId', ttl: 'expiresAt' } as const;
export const subscriptionsTable = { partitionKey: 'channel', sortKey: 'connectionId', ttl: 'expiresAt' } as const;
export const membersTable = { partitionKey: 'channel', sortKey: 'userId', ttl: 'expiresAt' } as const;
export const revocationsTable = { partitionKey: 'principalId', ttl: 'expiresAt' } as const;
export const claimsTable = { partitionKey: 'claim', ttl: 'expiresAt' } as const;

/**
 * The attribute `version` of every row: the layout that its writer knew. There is one so far, so nothing reads it, and a row
 * without it is as good. During an update old and new functions share the tables: a release with another layout raises the number, and
 * tells by it what the others have written.
 */
export const rowVersion = { N: '1' } as const;
