/** Whom the authorizer said it is. */
export const who = (connection) => connection?.context?.principalId ?? 'no name';

/** `SessionSocketAuthorizer3F2A1B9C`: CDK's hash helps nobody. */
export const functionName = (name) => name.replace(/(?<=[a-z])[0-9A-F]{8}$/, '');
