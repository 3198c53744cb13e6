import { randomBytes } from 'node:crypto';

/**
 * The form of connection, request and message ids in every captured event: 11 bytes as URL-safe base64 with its pad,
 * such as `BFaVtfGSIAMCKug=`.
 * https://github.com/aws-powertools/powertools-lambda-python/blob/develop/tests/events/apiGatewayWebSocketApiMessage.json
 */
export function newGatewayId(): string {
  return randomBytes(11).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

/** 11 bytes leave four of the last letter's six bits: the shape alone is checked, as nothing is known of more. */
export function isGatewayId(text: string): boolean {
  return /^[A-Za-z0-9_-]{15}=$/.test(text);
}
