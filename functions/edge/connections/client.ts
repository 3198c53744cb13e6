import {
  ApiGatewayManagementApiClient,
  GoneException,
  type ServiceInputTypes,
} from '@aws-sdk/client-apigatewaymanagementapi';
import type { Dispatcher } from 'undici';
import type { ConnectionsApiSettings } from '../environment.ts';
import { createSigner, escapeAll, type Signer } from '../sigv4.ts';
import { type ConnectionPool, openPool, type PoolAnswer } from './pool.ts';

export interface PostSettings {
  /**
   * Including the first. A post that was accepted but not answered in time is repeated, so more than one may deliver
   * twice.
   */
  readonly maxAttempts: number;
  /**
   * Milliseconds for each attempt. By default the SDK waits forever, and one post that hangs would delay a broadcast.
   */
  readonly timeoutMs: number;
}

/**
 * AWS's own client of @connections, with our connections and our signatures. Posts bypass its middleware, because that
 * only costs time: docs/decisions/0007-why-posts-have-a-lane-of-their-own.md
 */
export function createConnectionsClient(
  { callbackUrl, region, credentials }: ConnectionsApiSettings,
  { maxAttempts, timeoutMs }: PostSettings,
): ApiGatewayManagementApiClient {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const { origin, host, pathname } = new URL(callbackUrl);
  const basePath = pathname.replace(/\/+$/, '');
  const pool = openPool(origin, timeoutMs);
  const sign = createSigner({ host, region, service: 'execute-api', credentials });
  const client = new ApiGatewayManagementApiClient({
    endpoint: origin + basePath,
    region,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
    maxAttempts,
    // Otherwise the SDK would rebuild its middleware stack for every post.
    cacheMiddleware: true,
    requestHandler: createRequestHandler(pool),
    signer: createRequestSigner(sign),
  });
  addExpressLane(client, pool, sign, basePath);
  return client;
}

/** The fields of an SDK request that we use. Requests of @connections have no query. */
interface SdkRequest {
  readonly method: string;
  readonly path: string;
  headers: Record<string, string>;
  readonly body?: unknown;
}

/** Sends the SDK's requests over our connections. */
function createRequestHandler(pool: ConnectionPool) {
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle({ method, path, headers, body }: SdkRequest) {
      const request = { method: method as Dispatcher.HttpMethod, path, headers, body: bytesOf(body) };
      return { response: await pool.exchange(request) };
    },
    destroy: () => void pool.close(),
    updateHttpClientConfig: () => {},
    httpHandlerConfigs: () => ({}),
  };
}

/** Signs with the SDK's time: the SDK corrects a wrong clock from AWS's answers. */
function createRequestSigner(sign: Signer) {
  return {
    async sign<Request extends SdkRequest>(
      request: Request,
      { signingDate = Date.now() }: { readonly signingDate?: number | string | Date } = {},
    ): Promise<Request> {
      const { method, path, headers } = request;
      const signature = sign({ method, path, headers, body: bytesOf(request.body) }, new Date(signingDate).getTime());
      request.headers = { ...headers, ...signature };
      return request;
    },
  };
}

function bytesOf(body: unknown): Uint8Array | undefined {
  if (body instanceof Uint8Array) return body;
  return typeof body === 'string' && body !== '' ? Buffer.from(body) : undefined;
}

type Outcome = { readonly answer: PoolAnswer } | { readonly error: unknown };

const contentType = { 'content-type': 'application/octet-stream' };

/**
 * Posts without the SDK's own middleware, which takes ten times the CPU of the post itself. 200 and API Gateway's 410
 * are handled here. Every other outcome, including an error, becomes the result of the SDK's first attempt. The SDK
 * then throws its own exception, or retries, and `maxAttempts` counts as usual.
 */
function addExpressLane(
  client: ApiGatewayManagementApiClient,
  pool: ConnectionPool,
  sign: Signer,
  basePath: string,
): void {
  const handedOver = new WeakMap<ServiceInputTypes, Outcome>();

  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const { input } = args;
        if (commandName !== 'PostToConnectionCommand' || !('Data' in input)) return next(args);
        const { ConnectionId, Data } = input;
        if (!ConnectionId || !(Data instanceof Uint8Array)) return next(args);

        const outcome = await post(ConnectionId, Data);
        if ('answer' in outcome) {
          const { statusCode, headers } = outcome.answer;
          const $metadata = { httpStatusCode: statusCode };
          if (statusCode === 200) return { response: outcome.answer, output: { $metadata } };
          if (statusCode === 410 && headers['x-amzn-errortype']?.startsWith('GoneException')) {
            throw new GoneException({ message: 'Gone', $metadata });
          }
        }
        // A new object, because a caller may send the same one twice at the same time.
        const sameInput = { ...input };
        handedOver.set(sameInput, outcome);
        return next({ ...args, input: sameInput });
      },
    { step: 'initialize', priority: 'high', name: 'expressLane' },
  );

  client.middlewareStack.add(
    (next) => async (args) => {
      const outcome = handedOver.get(args.input);
      if (outcome === undefined) return next(args);
      handedOver.delete(args.input);
      if ('error' in outcome) throw outcome.error;
      return { response: outcome.answer } as Awaited<ReturnType<typeof next>>;
    },
    // The last step before the request is sent.
    { step: 'deserialize', priority: 'low', name: 'expressLaneAnswer' },
  );

  async function post(connectionId: string, body: Uint8Array): Promise<Outcome> {
    const path = `${basePath}/@connections/${escapeAll(connectionId)}`;
    // With the SDK's correction of a wrong clock.
    const now = Date.now() + client.config.systemClockOffset;
    const signature = sign({ method: 'POST', path, headers: contentType, body }, now);
    try {
      return { answer: await pool.exchange({ method: 'POST', path, headers: { ...contentType, ...signature }, body }) };
    } catch (error) {
      return { error };
    }
  }
}
