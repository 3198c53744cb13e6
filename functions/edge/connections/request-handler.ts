import type { Dispatcher } from 'undici';
import type { AwsCredentials } from '../sigv4.ts';
import type { Lines } from './lines.ts';
import type { Signer } from './signer.ts';

/** What we use of the SDK's requests; those of @connections have no query. */
export interface SdkRequest {
  readonly method: string;
  readonly path: string;
  headers: Record<string, string>;
  readonly body?: unknown;
}

/** Carries the SDK's requests over our connections. */
export function createRequestHandler(lines: Lines) {
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle({ method, path, headers, body }: SdkRequest) {
      return {
        response: await lines.exchange({
          method: method as Dispatcher.HttpMethod,
          path,
          headers,
          body: bytesOf(body),
        }),
      };
    },
    destroy: () => void lines.close(),
    updateHttpClientConfig: () => {},
    httpHandlerConfigs: () => ({}),
  };
}

/** Signs them for the time that the SDK takes for the right one: it corrects a wrong clock by what AWS answers. */
export function createRequestSigner(sign: Signer, credentials: () => AwsCredentials | Promise<AwsCredentials>) {
  return {
    async sign<Request extends SdkRequest>(
      request: Request,
      { signingDate = Date.now() }: { readonly signingDate?: number | string | Date } = {},
    ): Promise<Request> {
      const { method, path, headers } = request;
      const signable = { method, path, headers, body: bytesOf(request.body) };
      request.headers = { ...headers, ...sign(signable, await credentials(), new Date(signingDate).getTime()) };
      return request;
    },
  };
}

function bytesOf(body: unknown): Uint8Array | undefined {
  if (body instanceof Uint8Array) return body;
  return typeof body === 'string' && body !== '' ? Buffer.from(body) : undefined;
}
