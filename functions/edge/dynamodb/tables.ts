/** The attribute of every table after which DynamoDB may delete a row, in epoch seconds. */
export const ttl = 'expiresAt';

/** Keys of the tables: the construct declares them, and the rows use them. */
export const connectionsTable = { partitionKey: 'principalId', sortKey: 'connectionId', ttl } as const;
export const subscriptionsTable = { partitionKey: 'channel', sortKey: 'connectionId', ttl } as const;
export const membersTable = { partitionKey: 'channel', sortKey: 'userId', ttl } as const;
export const ownersTable = { partitionKey: 'owner', sortKey: 'connectionId', ttl } as const;
export const revocationsTable = { partitionKey: 'principalId', ttl } as const;
export const claimsTable = { partitionKey: 'claim', ttl } as const;

/**
 * The attribute `version` of every row: the layout that its writer used. During an update old and new functions share
 * the tables. A release with another layout raises the number, and recognizes older rows by it.
 */
export const rowVersion = { N: '1' } as const;

/**
 * The version of a connection's row whose owners are in the owners table. Functions of 0.1.0 write 1, and then the next
 * run of `revalidate` writes the missing owners.
 */
export const connectionRowVersion = { N: '2' } as const;
