const { ApiGatewayManagementApiClient, PostToConnectionCommand } = require('@aws-sdk/client-apigatewaymanagementapi');
const { DynamoDBClient, GetItemCommand, PutItemCommand } = require('@aws-sdk/client-dynamodb');

const dynamodb = new DynamoDBClient({});
const TableName = process.env.TABLE;

/** One-way: what there is to say is posted. */
exports.handler = async ({ body, requestContext }) => {
  const { auction } = JSON.parse(body);
  const { authorizer, connectionId, domainName, stage } = requestContext;
  const row = { auction: { S: auction }, connectionId: { S: connectionId }, bidder: { S: authorizer.bidder } };
  await dynamodb.send(new PutItemCommand({ TableName, Item: row }));

  const highest = { auction: { S: auction }, connectionId: { S: 'highest' } };
  const { Item } = await dynamodb.send(new GetItemCommand({ TableName, Key: highest, ConsistentRead: true }));
  const sockets = new ApiGatewayManagementApiClient({ endpoint: `https://${domainName}/${stage}` });
  const Data = JSON.stringify({ joined: auction, highest: Number(Item?.amount.N ?? 0) });
  await sockets.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data }));
  return { statusCode: 200 };
};
