/**
 * US dollars in us-east-1, on demand and without a free tier, as of November 2026. `recalled`: from memory, not checked
 * again. Pages: https://aws.amazon.com/api-gateway/pricing/, https://aws.amazon.com/lambda/pricing/,
 * https://aws.amazon.com/dynamodb/pricing/on-demand/
 */
export const prices = {
  /** A WebSocket message of up to 32 KB, in either direction; $0.80 above a billion a month. */
  webSocketMessage: 1 / 1_000_000,
  /** A request to an HTTP API of up to 512 KB; recalled. */
  httpRequest: 1 / 1_000_000,
  /** Recalled. */
  lambdaRequest: 0.2 / 1_000_000,
  /** On arm64; recalled. */
  lambdaGigabyteSecond: 0.0000133334,
  dynamodbReadUnit: 0.125 / 1_000_000,
  dynamodbWriteUnit: 0.625 / 1_000_000,
};

/**
 * Bytes:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
 */
export const messageBytes = 32 * 1024;
