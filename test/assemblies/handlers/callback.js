// Answers as handlers did before async: for an authorizer, $connect and a route alike. Not for Node.js 24 and later.
exports.handler = (event, _context, callback) => {
  console.log(JSON.stringify(event));
  if (event.type === 'REQUEST') return authorize(event, callback);
  const message = event.body?.startsWith('{') ? JSON.parse(event.body) : {};
  if (message.throws) return callback(new Error('message failed'));
  setTimeout(() => callback(null, { statusCode: 200, body: `called back: ${event.body}` }), 5);
};

function authorize(event, callback) {
  if (event.queryStringParameters.token === 'unauthorized') return callback('Unauthorized');
  const Statement = [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: event.methodArn }];
  callback(null, { principalId: 'user:42', policyDocument: { Version: '2012-10-17', Statement } });
}
