// Its answer depends on the token alone: one behaviour of an authorizer for each name.
const policy = (Effect, Resource) => ({
  Version: '2012-10-17',
  Statement: [{ Action: 'execute-api:Invoke', Effect, Resource }],
});

const allow = (resource) => ({ principalId: 'user:42', policyDocument: policy('Allow', resource) });

const behaviours = {
  allow: (arn) => ({
    principalId: 'user:42',
    policyDocument: policy('Allow', arn),
    context: { name: 'gonzalo', number: 7, flag: true },
  }),
  'no-context': allow,
  deny: (arn) => ({ principalId: 'user:42', policyDocument: policy('Deny', arn) }),
  'deny-and-allow': (arn) => ({
    principalId: 'user:42',
    policyDocument: { Statement: [...policy('Allow', '*').Statement, ...policy('Deny', arn).Statement] },
  }),
  'every-resource': () => allow('*'),
  'every-stage': (arn) => allow(arn.replace(/\/.*$/, '/*')),
  'every-route': (arn) => allow(arn.replace('/$connect', '/*')),
  'every-method': (arn) => allow(arn.replace('/$connect', '/*/*')),
  'other-route': (arn) => allow(arn.replace('/$connect', '/oneWay')),
  unauthorized: () => {
    throw new Error('Unauthorized');
  },
  throws: () => {
    throw new Error('The session could not be checked');
  },
  hangs: () => new Promise((resolve) => setTimeout(resolve, 60_000)),
  function: () => () => undefined,
  'no-policy': () => ({ statusCode: 401 }),
  malformed: () => ({ principalId: 'user:42', policyDocument: { Statement: [{ Effect: 'Allow' }] } }),
  'no-principal': (arn) => ({ policyDocument: policy('Allow', arn) }),
  'object-context': (arn) => ({ principalId: 'u', policyDocument: policy('Allow', arn), context: { user: { id: 1 } } }),
  huge: (arn) => ({ principalId: 'u', policyDocument: policy('Allow', arn), context: { text: 'x'.repeat(8192) } }),
};

exports.handler = async (event) => {
  console.log(JSON.stringify(event));
  const token = event.queryStringParameters?.token ?? '';
  return (behaviours[token] ?? behaviours.allow)(event.methodArn);
};
