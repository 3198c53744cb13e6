import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Clock } from './clock.ts';
import type { Faults, ServiceFault } from './faults.ts';
import { readBody, type ServiceAnswer, serviceError } from './http/input.ts';
import { closeServer, keepAliveMs, listenOnLoopback } from './http/loopback.ts';
import { answerDenial } from './iam/denial.ts';
import type { Gate } from './iam/gate.ts';
import { invokeNeed, type Need, secretNeed } from './iam/needs.ts';
import type { AsyncInvoker } from './lambda/async-invoke.ts';
import type { Functions } from './lambda/functions.ts';
import { invokeFunction, maxRequestBytes, requestTooLarge } from './lambda/invoke-api.ts';
import { answerSecretsManager, findSecret, readSecretRequest, type Secrets } from './secrets/secrets-manager.ts';
import type { Place } from './template/physical-ids.ts';

/** The services behind the endpoint. The endpoint listens before they exist, because they need its port. */
export interface Services {
  readonly functions: Functions;
  readonly invoker: AsyncInvoker;
  readonly secrets: Secrets;
  readonly gate: Gate;
  readonly place: Place;
}

export interface ServicesEndpoint {
  readonly url: string;
  serve(services: Services): void;
  close(): Promise<void>;
}

/** A parsed call, before the permission check. */
interface Call {
  readonly service: 'lambda' | 'secretsmanager';
  readonly need: Need | undefined;
  answer(): ServiceAnswer | Promise<ServiceAnswer>;
}

/** One endpoint for the AWS APIs that functions call: Lambda and Secrets Manager. */
export async function startServices(clock: Pick<Clock, 'now'>, faults: Faults): Promise<ServicesEndpoint> {
  let services: Services | undefined;

  async function answer(request: IncomingMessage): Promise<ServiceAnswer> {
    if (services === undefined) return serviceError(503, 'ServiceUnavailableException', 'The local cloud is starting.');
    const body = await readBody(request, maxRequestBytes);
    // Lambda has the largest limit of these services.
    if (body === 'too long') return requestTooLarge;
    const { method = '', url = '/', headers } = request;
    const call = readInvoke(services, request, body) ?? readSecretsManager(services, request, body);
    if (call === undefined) {
      return serviceError(400, 'UnknownOperationException', 'The local cloud has no such AWS API.');
    }
    const needs = call.need === undefined ? [] : [call.need];
    const denial = services.gate.check(call.service, { method, url, headers, body }, needs);
    if (denial !== undefined) return answerDenial(call.service, denial);
    return (await answerFault(faults, call.service)) ?? call.answer();
  }

  const server = createServer((request, response) => {
    // SDKs set their clock by this header, so it must come from the clock that checks their signatures.
    response.setHeader('Date', new Date(clock.now()).toUTCString());
    answer(request).then(
      (result) => send(response, result),
      () => send(response, serviceError(500, 'InternalFailure', 'The local cloud failed to answer.')),
    );
  });
  server.keepAliveTimeout = keepAliveMs;
  const port = await listenOnLoopback(server);
  return {
    url: `http://127.0.0.1:${port}`,
    serve(them) {
      services = them;
    },
    close: () => closeServer(server),
  };
}

function readInvoke(services: Services, { method, url, headers }: IncomingMessage, body: Buffer): Call | undefined {
  const { pathname, searchParams } = new URL(url ?? '/', 'http://localhost');
  const escaped = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(pathname)?.[1];
  if (method !== 'POST' || escaped === undefined) return undefined;
  const name = decodeURIComponent(escaped);
  const qualifier = searchParams.get('Qualifier') ?? undefined;
  const type = String(headers['x-amz-invocation-type'] ?? 'RequestResponse');
  const need = invokeNeed(name, qualifier, services.place);
  const { functions, invoker } = services;
  const answer = () => invokeFunction(functions, invoker, need.resource, type, body.toString());
  return { service: 'lambda', need, answer };
}

function readSecretsManager(services: Services, { headers }: IncomingMessage, body: Buffer): Call | undefined {
  const target = String(headers['x-amz-target'] ?? '');
  if (!target.startsWith('secretsmanager.')) return undefined;
  const request = readSecretRequest(body.toString());
  const isRead = request !== undefined && target === 'secretsmanager.GetSecretValue';
  const found = findSecret(services.secrets, request?.secretId);
  return {
    service: 'secretsmanager',
    need: isRead ? secretNeed(request, found?.arn, services.place) : undefined,
    answer: () => answerSecretsManager(services.secrets, target, request),
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

type Service = 'lambda' | 'secretsmanager';

const answers: Readonly<Record<Service, Readonly<Record<ServiceFault, ServiceAnswer>>>> = {
  // https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
  lambda: {
    fail: serviceError(500, 'ServiceException', 'The Lambda service encountered an internal error.'),
    throttle: serviceError(429, 'TooManyRequestsException', 'The request throughput limit was exceeded.'),
  },
  // https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html and CommonErrors.html
  secretsmanager: {
    fail: serviceError(500, 'InternalServiceError', 'An error occurred on the server side.'),
    throttle: serviceError(400, 'ThrottlingException', 'The request was denied due to request throttling.'),
  },
};

/** Waits for a delay fault. @returns undefined if no other fault applies */
export async function answerFault(faults: Faults, service: Service): Promise<ServiceAnswer | undefined> {
  const fault = await faults.beforeCall(service);
  return fault === undefined ? undefined : answers[service][fault];
}
