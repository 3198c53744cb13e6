const { ApiGatewayManagementApiClient, PostToConnectionCommand } = require('@aws-sdk/client-apigatewaymanagementapi');
const { DynamoDBClient, GetItemCommand, PutItemCommand } = require('@aws-sdk/client-dynamodb');

const dynamodb = new DynamoDBClient({});
const TableName = process.env.TABLE;
// A connection lives for two hours at most; $disconnect may never come.
const rowLifeSeconds = 2 * 3600 + 600;

/** The route is one-way, so the reply is posted. */
exports.handler = async ({ body, requestContext }) => {
  const { auction, request } = JSON.parse(body);
  const { authorizer, connectionId, domainName, stage } = requestContext;
  const expiresAt = Math.floor(Date.now() / 1000) + rowLifeSeconds;
  const Item = {
    auction: { S: auction },
    connectionId: { S: connectionId },
    bidder: { S: authorizer.bidder },
    expiresAt: { N: String(expiresAt) },
  };
  await dynamodb.send(new PutItemCommand({ TableName, Item }));

  const highest = { auction: { S: auction }, connectionId: { S: 'highest' } };
  const { Item: found } = await dynamodb.send(new GetItemCommand({ TableName, Key: highest, ConsistentRead: true }));
  const sockets = new ApiGatewayManagementApiClient({ endpoint: `https://${domainName}/${stage}` });
  const Data = JSON.stringify({ joined: auction, highest: Number(found?.amount.N ?? 0), request });
  await sockets.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data }));
  return { statusCode: 200 };
};
