let served = 0;

exports.handler = async (event, context) => {
  console.log(JSON.stringify(event));
  served += 1;
  const message = parse(event.body);
  if (message.sleepMs) {
    await new Promise((resolve) => setTimeout(resolve, message.sleepMs));
    console.log(`awake ${message.mark}`);
  }
  if (message.throws) throw new Error('message failed');
  if (message.exits) process.exit(3);
  if (message.returns === 'function') return () => undefined;
  if (message.status) return { statusCode: message.status, body: 'the body' };
  if (message.call) return { statusCode: 200, body: JSON.stringify(await call(message.call, event.requestContext)) };
  const details = {
    served,
    routeKey: event.requestContext.routeKey,
    remaining: context.getRemainingTimeInMillis() > 0,
  };
  return { statusCode: 200, body: JSON.stringify({ echo: event.body, ...details }) };
};

function parse(body) {
  try {
    return JSON.parse(body) ?? {};
  } catch {
    return {};
  }
}

/** Calls @connections with the SDK of the runtime, at the address that handlers make from their event. */
async function call({ method, connectionId, data, address }, { domainName, stage, apiId }) {
  const sdk = require('@aws-sdk/client-apigatewaymanagementapi');
  const endpoints = {
    domainName: `https://${domainName}/${stage}`,
    apiId: `https://${apiId}.execute-api.${process.env.AWS_REGION}.amazonaws.com/${stage}`,
    template: process.env.ENDPOINT,
  };
  const commands = {
    POST: sdk.PostToConnectionCommand,
    GET: sdk.GetConnectionCommand,
    DELETE: sdk.DeleteConnectionCommand,
  };
  const client = new sdk.ApiGatewayManagementApiClient({ endpoint: endpoints[address] });
  try {
    const { $metadata } = await client.send(new commands[method]({ ConnectionId: connectionId, Data: data }));
    return { status: $metadata.httpStatusCode };
  } catch (error) {
    return { status: error.$metadata?.httpStatusCode, name: error.name, isGone: error instanceof sdk.GoneException };
  }
}
