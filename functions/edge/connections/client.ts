import { ApiGatewayManagementApiClient } from '@aws-sdk/client-apigatewaymanagementapi';
import { read } from '../environment.ts';
import type { AwsCredentials } from '../sigv4.ts';
import { addExpressLane } from './express-lane.ts';
import { openLines } from './lines.ts';
import { createRequestHandler, createRequestSigner } from './request-handler.ts';
import { createSigner } from './signer.ts';

export interface PostSettings {
  /** Tries in all. A post that was taken but not answered in time is repeated too, so more than one may say it twice. */
  readonly maxAttempts: number;
  /** Milliseconds for each try. The SDK waits for ever by default, and one post that hangs would hold up a broadcast. */
  readonly timeoutMs: number;
}

/**
 * AWS's own client of @connections, over our connections and with our signatures, and past its middleware where that only
 * costs time: docs/decisions/0007-why-posts-have-a-lane-of-their-own.md
 */
export function createConnectionsClient(callbackUrl: string, { maxAttempts, timeoutMs }: PostSettings) {
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
  /**
   * Lambda's are in variables that are set when an environment starts and stay as they are
   * (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime), so they are
   * fetched once. Those that expire say so, and then the SDK knows when to fetch others.
   */
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
