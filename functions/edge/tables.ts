/** Keys of the tables, written once: the construct declares them and the rows use them. */
export const connectionsTable = { partitionKey: 'principalId', sortKey: 'connectionId', ttl: 'expiresAt' } as const;
export const subscriptionsTable = { partitionKey: 'channel', sortKey: 'connectionId', ttl: 'expiresAt' } as const;
export const membersTable = { partitionKey: 'channel', sortKey: 'userId', ttl: 'expiresAt' } as const;
export const revocationsTable = { partitionKey: 'principalId', ttl: 'expiresAt' } as const;
export const claimsTable = { partitionKey: 'claim', ttl: 'expiresAt' } as const;
