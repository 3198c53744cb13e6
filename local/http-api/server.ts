import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import type { Throttling } from '../gateway/stage.ts';
import { decodeUri, readBody } from '../http/input.ts';
import { type Certificate, listenWithTls } from '../http/tls.ts';
import type { Log } from '../log.ts';
import { type HttpApi, type HttpRoute, type HttpStage, type Match, matchRoute } from './http-api.ts';
import { type HttpResponse, httpEvent, messageResponse, toHttpResponse } from './payload-format.ts';

export interface HttpGateway {
  readonly api: HttpApi;
  readonly clock: Clock;
  readonly throttling: Throttling;
  readonly log: Log;
}

export interface HttpApiServer {
  readonly port: number;
  serve(gateway: HttpGateway): void;
  close(): Promise<void>;
}

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
const bodyLimitBytes = 10 * 1024 * 1024;

/** Anybody may call an HTTP API, including web pages. The function checks access. */
export async function startHttpApi(port: number, certificate: Certificate): Promise<HttpApiServer> {
  let gateway: HttpGateway | undefined;
  let boundPort = port;
  const server = createServer((request, response) => {
    const answered =
      gateway === undefined
        ? Promise.resolve(messageResponse(503, 'Service Unavailable'))
        : answer(gateway, `127.0.0.1:${boundPort}`, request);
    answered.then((answer) => send(response, answer)).catch(() => response.destroy());
  });
  const listener = await listenWithTls(server, port, certificate);
  boundPort = listener.port;
  return {
    port: listener.port,
    serve(them) {
      gateway = them;
    },
    close: listener.close,
  };
}

async function answer(gateway: HttpGateway, domainName: string, incoming: IncomingMessage): Promise<HttpResponse> {
  const body = await readBody(incoming, bodyLimitBytes);
  if (body === 'too long') return messageResponse(413, 'Request Entity Too Large');
  const { api, clock, throttling, log } = gateway;
  const target = findStage(api, pathIn(incoming.url ?? ''));
  const found = target === undefined ? undefined : findRoute(target.stage, incoming.method ?? '', target.path);
  if (target === undefined || found === undefined) return messageResponse(404, 'Not Found');

  const { stage } = target;
  const { route, match } = found;
  if (!throttling.admits(stage.throttleOf(route.key.text))) {
    log({ kind: 'throttled', routeKey: route.key.text });
    return messageResponse(429, 'Too Many Requests');
  }
  const event = httpEvent({
    accountId: api.accountId,
    apiId: api.apiId,
    domainName,
    stage,
    routeKey: route.key.text,
    pathParameters: match.pathParameters,
    rawPath: stage.name === '$default' ? target.path : `/${stage.name}${target.path}`,
    incoming,
    body,
    nowMs: clock.now(),
  });
  const result = await route.integration.run(event, sourceArnOf(api, stage, route));
  if (result.outcome === 'failed') {
    log({ kind: 'integration-failed', routeKey: route.key.text, reason: result.errorType });
  }
  return toHttpResponse(result);
}

/** `…/{stage}/POST/apps/{app_id}/events`, as in CDK's permission. */
function sourceArnOf(api: HttpApi, stage: HttpStage, { key }: HttpRoute): string {
  const route = key.method === undefined ? '$default' : `${key.method === 'ANY' ? '*' : key.method}${key.path}`;
  return `${api.arn}/${stage.name}/${route}`;
}

/** A named stage is the first path segment. All other paths belong to `$default`. */
function findStage(api: HttpApi, path: string): { readonly stage: HttpStage; readonly path: string } | undefined {
  const [, first = '', ...rest] = path.split('/');
  const named = first === '$default' ? undefined : api.stages.get(first);
  if (named !== undefined) return { stage: named, path: `/${rest.join('/')}` };
  const whole = api.stages.get('$default');
  return whole === undefined ? undefined : { stage: whole, path };
}

function findRoute({ routes }: HttpStage, method: string, path: string) {
  let best: { readonly route: HttpRoute; readonly match: Match } | undefined;
  for (const route of routes) {
    const match = matchRoute(route.key, method, path);
    if (match !== undefined && match.rank > (best?.match.rank ?? -1)) best = { route, match };
  }
  return best;
}

/** Decodes the path and cuts it at a decoded `?`; captures: middleapi/standard-server#93. */
function pathIn(url: string): string {
  const path = url.split('?')[0] ?? '/';
  return decodeUri(path).split('?')[0] ?? '/';
}

function send(response: ServerResponse, { status, headers, body }: HttpResponse): void {
  response.statusCode = status;
  for (const [name, value] of headers) response.appendHeader(name, value);
  response.setHeader('Content-Length', body.length);
  response.end(body);
}
