import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Faults } from '../faults.ts';
import type { AsyncInvoker } from '../lambda/async-invoke.ts';
import type { Functions } from '../lambda/functions.ts';
import { readBody } from '../lambda/runtime-api.ts';
import { closeServer, listenOnLoopback } from '../loopback.ts';
import { type ServiceAnswer, serviceError } from './answer.ts';
import { answerFault } from './fault-answer.ts';
import { invokeFunction } from './lambda.ts';
import { answerSecretsManager, type Secrets } from './secrets-manager.ts';

/** What stands behind the endpoint; it is listening before these exist, because they need to know its port. */
export interface Services {
  readonly functions: Functions;
  readonly invoker: AsyncInvoker;
  readonly secrets: Secrets;
}

export interface ServicesEndpoint {
  readonly url: string;
  serve(services: Services): void;
  close(): Promise<void>;
}

/** One endpoint for the AWS APIs that functions call: Lambda and Secrets Manager. */
export async function startServices(faults: Faults): Promise<ServicesEndpoint> {
  let services: Services | undefined;

  async function answer(request: IncomingMessage): Promise<ServiceAnswer> {
    if (services === undefined) return serviceError(503, 'ServiceUnavailableException', 'The local cloud is starting.');
    const caller = services.functions.callerOf(accessKeyIn(request.headers.authorization));
    if (caller === undefined) {
      return serviceError(403, 'UnrecognizedClientException', 'The security token included in the request is invalid.');
    }
    const body = await readBody(request);
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const invocation = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(path);
    if (request.method === 'POST' && invocation?.[1] !== undefined) {
      const type = String(request.headers['x-amz-invocation-type'] ?? 'RequestResponse');
      const name = decodeURIComponent(invocation[1]);
      return (await answerFault(faults, 'lambda')) ?? invokeFunction(services, name, type, body);
    }
    const target = String(request.headers['x-amz-target'] ?? '');
    if (target.startsWith('secretsmanager.')) {
      return (await answerFault(faults, 'secretsmanager')) ?? answerSecretsManager(services.secrets, target, body);
    }
    return serviceError(400, 'UnknownOperationException', 'The local cloud has no such AWS API.');
  }

  const server = createServer((request, response) => {
    answer(request).then(
      (result) => send(response, result),
      () => send(response, serviceError(500, 'InternalFailure', 'The local cloud failed to answer.')),
    );
  });
  const port = await listenOnLoopback(server);
  return {
    url: `http://127.0.0.1:${port}`,
    serve(them) {
      services = them;
    },
    close: () => closeServer(server),
  };
}

function send(response: ServerResponse, { status, headers, body = '' }: ServiceAnswer): void {
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}

/** `AWS4-HMAC-SHA256 Credential=ASIA…/20261123/us-east-1/lambda/aws4_request, …`; the signature itself is not checked. */
function accessKeyIn(authorization = ''): string {
  return /Credential=([A-Z0-9]+)\//.exec(authorization)?.[1] ?? '';
}
