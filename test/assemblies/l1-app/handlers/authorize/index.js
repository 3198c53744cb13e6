// `Authorization: Bearer <name>@<house>`; the house is the stage's.
exports.handler = async ({ headers, methodArn, stageVariables }) => {
  const [, name, house] = /^Bearer (\w+)@(\w+)$/.exec(headers.Authorization) ?? [];
  if (name === undefined) throw new Error('Unauthorized');
  const Effect = house === stageVariables.house ? 'Allow' : 'Deny';
  return {
    principalId: name,
    policyDocument: {
      Version: '2012-10-17',
      Statement: [{ Action: 'execute-api:Invoke', Effect, Resource: methodArn }],
    },
    context: { bidder: name },
  };
};
