import type { Clock } from '../clock.ts';
import type { Faults } from '../faults.ts';
import type { Certificate } from '../http/tls.ts';
import { readHttpApi } from '../http-api/http-api.ts';
import { startHttpApi } from '../http-api/server.ts';
import type { Iam } from '../iam/iam.ts';
import type { Inspector } from '../inspector/inspector.ts';
import type { Functions } from '../lambda/functions.ts';
import type { Log } from '../log.ts';
import type { Observe } from '../observation.ts';
import type { Stack, StackResource } from '../template/stack.ts';
import { Connections } from './connections.ts';
import { startGateway } from './server.ts';
import { createThrottling, unlimited } from './stage.ts';
import { readWebSocketApi } from './websocket-api.ts';

/** A listening API of the stack. It answers after `serve` is called. */
export interface RunningApi {
  readonly logicalId: string;
  readonly isWebSocket: boolean;
  /** Its host on AWS. */
  readonly remoteHost: string;
  /** 127.0.0.1 and its port. */
  readonly localHost: string;
  /** The name of its first stage. */
  readonly stage: string;
  serve(parts: ApiParts): void;
  close(): Promise<void>;
}

/** The dependencies of an API. They are created after the ports are known. */
export interface ApiParts {
  readonly functions: Functions;
  readonly iam: Iam;
  readonly clock: Clock;
  readonly faults: Faults;
  readonly throttles: boolean;
  readonly observe: Observe;
  readonly log: Log;
}

/** @throws if the stack has no WebSocket API, or parts of an API that is not in the stack */
export function findApis(stack: Stack): readonly StackResource[] {
  const apis = stack.ofType('AWS::ApiGatewayV2::Api');
  for (const { logicalId, properties } of apis) {
    const protocol = properties.text('ProtocolType');
    if (protocol === 'WEBSOCKET' || protocol === 'HTTP') continue;
    throw new Error(`${logicalId}.ProtocolType: the local cloud cannot run a ${protocol} API.`);
  }
  if (!apis.some(isWebSocket)) throw new Error('The stack has no WebSocket API.');
  for (const { logicalId, properties } of parts.flatMap((part) => stack.ofType(`AWS::ApiGatewayV2::${part}`))) {
    const id = properties.text('ApiId');
    if (!apis.some(({ ref }) => ref === id)) throw new Error(`${logicalId}.ApiId: ${id} is not an API of this stack.`);
  }
  return apis;
}

const parts = ['Stage', 'Deployment', 'Route', 'RouteResponse', 'Integration', 'IntegrationResponse', 'Authorizer'];

export function isWebSocket({ properties }: StackResource): boolean {
  return properties.text('ProtocolType') === 'WEBSOCKET';
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigatewayv2-api.html */
export function hostOf(api: StackResource): string {
  return new URL(api.attribute('ApiEndpoint')).host;
}

/** @param port 0 for any free one */
export async function startApi(
  stack: Stack,
  api: StackResource,
  port: number,
  certificate: Certificate,
  inspector: Inspector | undefined,
): Promise<RunningApi> {
  const common = { logicalId: api.logicalId, remoteHost: hostOf(api), stage: firstStage(stack, api) };
  if (!isWebSocket(api)) {
    const server = await startHttpApi(port, certificate);
    return {
      ...common,
      isWebSocket: false,
      localHost: `127.0.0.1:${server.port}`,
      serve({ functions, iam, clock, throttles, log }) {
        const throttling = throttles ? createThrottling(clock) : unlimited;
        server.serve({ api: readHttpApi(stack, api, functions, iam.invocations, log), clock, throttling, log });
      },
      close: server.close,
    };
  }
  const server = await startGateway(port, common.remoteHost, certificate, inspector);
  const localHost = `127.0.0.1:${server.port}`;
  return {
    ...common,
    isWebSocket: true,
    localHost,
    serve({ functions, iam, clock, faults, throttles, observe, log }) {
      server.serve({
        api: readWebSocketApi(stack, api, functions, iam.invocations, localHost, log),
        connections: new Connections(),
        clock,
        faults,
        gate: iam.gate,
        place: iam.place,
        throttling: throttles ? createThrottling(clock) : unlimited,
        observe,
        log,
      });
    },
    close: server.close,
  };
}

function firstStage(stack: Stack, api: StackResource): string {
  const stages = stack.ofType('AWS::ApiGatewayV2::Stage');
  const first = stages.find(({ properties }) => properties.text('ApiId') === api.ref);
  if (first === undefined) throw new Error(`${api.logicalId}: the API has no stage.`);
  return first.properties.text('StageName');
}
