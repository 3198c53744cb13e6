import { ApiGatewayManagementApi, GoneException } from '@aws-sdk/client-apigatewaymanagementapi';
import { DynamoDB } from '@aws-sdk/client-dynamodb';

const dynamodb = new DynamoDB({});
const TableName = process.env.TABLE;

/** Everybody hears it, who sent it included. The address does not depend on the domain by which the client came. */
export const handler = async ({ body, requestContext: { apiId, stage } }) => {
  const endpoint = `https://${apiId}.execute-api.${process.env.AWS_REGION}.amazonaws.com/${stage}`;
  const sockets = new ApiGatewayManagementApi({ endpoint });
  const { Items = [] } = await dynamodb.scan({ TableName, ConsistentRead: true });
  const Data = JSON.parse(body).data;
  await Promise.all(
    Items.map(async ({ connectionId }) => {
      try {
        await sockets.postToConnection({ ConnectionId: connectionId.S, Data });
      } catch (error) {
        if (!(error instanceof GoneException)) throw error;
        await dynamodb.deleteItem({ TableName, Key: { connectionId } });
      }
    }),
  );
  return { statusCode: 200 };
};
