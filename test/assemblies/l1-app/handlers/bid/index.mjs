import {
  ApiGatewayManagementApiClient,
  GoneException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';

const dynamodb = new DynamoDBClient({});
const TableName = process.env.TABLE;

/** Two-way: the bidder learns from the reply, the others from a post. */
export const handler = async ({ body, requestContext }) => {
  const { auction, amount, request } = JSON.parse(body);
  const { authorizer, connectionId, domainName, stage } = requestContext;
  if (!(await isHighest(auction, amount, authorizer.bidder))) return reply({ accepted: false, request });

  const sockets = new ApiGatewayManagementApiClient({ endpoint: `https://${domainName}/${stage}` });
  const others = (await bidders(auction)).filter((id) => id !== connectionId && id !== 'highest');
  const Data = JSON.stringify({ auction, amount, by: authorizer.bidder });
  await Promise.all(others.map((ConnectionId) => tell(sockets, { ConnectionId, Data }, auction)));
  return reply({ accepted: true, request });
};

async function isHighest(auction, amount, bidder) {
  try {
    await dynamodb.send(
      new UpdateItemCommand({
        TableName,
        Key: { auction: { S: auction }, connectionId: { S: 'highest' } },
        UpdateExpression: 'SET amount = :amount, bidder = :bidder',
        ConditionExpression: 'attribute_not_exists(amount) OR amount < :amount',
        ExpressionAttributeValues: { ':amount': { N: String(amount) }, ':bidder': { S: bidder } },
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

async function bidders(auction) {
  const { Items = [] } = await dynamodb.send(
    new QueryCommand({
      TableName,
      KeyConditionExpression: 'auction = :auction',
      ExpressionAttributeValues: { ':auction': { S: auction } },
      ConsistentRead: true,
    }),
  );
  return Items.map(({ connectionId }) => connectionId.S);
}

async function tell(sockets, post, auction) {
  try {
    await sockets.send(new PostToConnectionCommand(post));
  } catch (error) {
    if (!(error instanceof GoneException)) throw error;
    const Key = { auction: { S: auction }, connectionId: { S: post.ConnectionId } };
    await dynamodb.send(new DeleteItemCommand({ TableName, Key }));
  }
}

function reply(body) {
  return { statusCode: 200, body: JSON.stringify(body) };
}
