import { ApiGatewayManagementApiClient } from '@aws-sdk/client-apigatewaymanagementapi';
import { read } from '../environment.ts';
import type { AwsCredentials } from '../sigv4.ts';
import { addExpressLane } from './express-lane.ts';
import { openLines } from './lines.ts';
import { createRequestHandler, createRequestSigner } from './request-handler.ts';
import { createSigner } from './signer.ts';

export interface ConnectionsSettings {
  /** Tries in all. */
  readonly maxAttempts: number;
  /** Milliseconds for each try. */
  readonly timeoutMs: number;
}

/** AWS's own client of @connections over connections, signatures and posts of ours: docs/benchmarks.md says what that saves. */
export function createConnectionsClient(callbackUrl: string, { maxAttempts, timeoutMs }: ConnectionsSettings) {
  const url = new URL(callbackUrl);
  const lines = openLines(url.origin, timeoutMs);
  const sign = createSigner(url.host, read('AWS_REGION'));
  const basePath = url.pathname.replace(/\/+$/, '');
  const client = new ApiGatewayManagementApiClient({
    endpoint: url.origin + basePath,
    maxAttempts,
    // Else the SDK would put its middleware together anew for every post.
    cacheMiddleware: true,
    requestHandler: createRequestHandler(lines),
    signer: createRequestSigner(sign, () => credentials()),
  });

  let kept: (AwsCredentials & { readonly expiration?: Date }) | undefined;
  /** Lambda's own are variables of the environment and live as long as it; others say when they expire. */
  const credentials = () => {
    if (kept !== undefined && kept.expiration === undefined) return kept;
    return client.config.credentials().then((fresh) => {
      kept = fresh as AwsCredentials;
      return kept;
    });
  };
  addExpressLane(client, { lines, sign, credentials, basePath });
  return client;
}
