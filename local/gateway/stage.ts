import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Value } from '../template/resolve.ts';
import { readProperties, type Stack, type StackResource } from '../template/stack.ts';

/** A stage in the template, for any kind of API. */
export interface StageDeclaration {
  readonly logicalId: string;
  readonly name: string;
  readonly variables: Readonly<Record<string, string>>;
  /** By route key. */
  throttleOf(routeKey: string): Throttle | undefined;
  /** Whether the route is deployed to this stage. */
  hasDeployed(routeLogicalId: string): boolean;
}

/** @throws if the API has no stage */
export function readStages(stack: Stack, api: StackResource, log: Log): readonly StageDeclaration[] {
  const stages = stack
    .ofType('AWS::ApiGatewayV2::Stage')
    .filter(({ properties }) => properties.text('ApiId') === api.ref)
    .map((stage) => readStage(stack, stage, log));
  if (stages.length === 0) throw new Error(`${api.logicalId}: the API has no stage.`);
  return stages;
}

function readStage(stack: Stack, { logicalId, properties }: StackResource, log: Log): StageDeclaration {
  if (properties.value('AccessLogSettings') !== undefined) {
    log({ kind: 'not-emulated', logicalId, what: 'AccessLogSettings' });
  }
  const name = properties.text('StageName');
  // AWS does not document whether the routes share one bucket. Here they do, so one route can starve another.
  const ofStage = properties.optionalObject('DefaultRouteSettings');
  const defaults = readThrottle(`${logicalId}.DefaultRouteSettings`, name, ofStage);
  const routeKeys = routesOf(stack, properties).map((route) => route.properties.text('RouteKey'));
  const settings = properties.optionalObject('RouteSettings') ?? {};
  const { optionalObject } = readProperties(settings, `${logicalId}.RouteSettings`);
  const byRoute = new Map<string, Throttle | undefined>();
  for (const key of Object.keys(settings)) {
    // CloudFormation also fails for an unknown route.
    if (!routeKeys.includes(key)) throw new Error(`${logicalId}.RouteSettings: there is no route ${key}.`);
    byRoute.set(key, readThrottle(`${logicalId}.RouteSettings.${key}`, `${name}/${key}`, optionalObject(key)));
  }
  const variables = properties.optionalObject('StageVariables') ?? {};
  const { text } = readProperties(variables, `${logicalId}.StageVariables`);
  if (properties.optionalText('DeploymentId') === undefined && properties.optionalFlag('AutoDeploy') !== true) {
    log({ kind: 'not-emulated', logicalId, what: 'that a stage without AutoDeploy and DeploymentId serves nothing' });
  }
  const missing = findUndeployed(stack, logicalId, properties, log);
  return {
    logicalId,
    name,
    variables: Object.fromEntries(Object.keys(variables).map((name) => [name, text(name)])),
    throttleOf: (routeKey) => byRoute.get(routeKey) ?? defaults,
    hasDeployed: (routeLogicalId) => !missing.has(routeLogicalId),
  };
}

/**
 * A deployment is a snapshot of the existing routes. Routes without a `DependsOn` from it may be created later and are then
 * not deployed: aws-samples/simple-websockets-chat-app#24. If it depends on no route at all, the template does not show
 * the order.
 */
function findUndeployed(
  stack: Stack,
  stageId: string,
  stage: StackResource['properties'],
  log: Log,
): ReadonlySet<string> {
  const isAutomatic = stage.optionalFlag('AutoDeploy') === true;
  const deploymentId = stage.optionalText('DeploymentId');
  if (deploymentId === undefined || isAutomatic) return new Set();
  const deployment = stack.ofType('AWS::ApiGatewayV2::Deployment').find(({ ref }) => ref === deploymentId);
  if (deployment === undefined) {
    throw new Error(`${stageId}.DeploymentId: ${deploymentId} is not a deployment of this stack.`);
  }

  const routes = routesOf(stack, stage).map(({ logicalId }) => logicalId);
  const awaited = dependenciesOf(stack, deployment.logicalId);
  const late = routes.filter((logicalId) => !awaited.has(logicalId));
  if (late.length === routes.length) return new Set();
  for (const logicalId of late) {
    log({ kind: 'not-deployed', logicalId, deployment: deployment.logicalId });
  }
  return new Set(late);
}

function routesOf(stack: Stack, stage: StackResource['properties']): readonly StackResource[] {
  const routes = stack.ofType('AWS::ApiGatewayV2::Route');
  return routes.filter(({ properties }) => properties.text('ApiId') === stage.text('ApiId'));
}

/** Including transitive dependencies. */
function dependenciesOf(stack: Stack, logicalId: string, found = new Set<string>()): ReadonlySet<string> {
  for (const dependency of stack.dependenciesOf(logicalId)) {
    if (found.has(dependency)) continue;
    found.add(dependency);
    dependenciesOf(stack, dependency, found);
  }
  return found;
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-protect.html */
export interface Throttle {
  /** The name of its token bucket. */
  readonly bucket: string;
  readonly ratePerSecond: number;
  readonly burst: number;
}

/** Token buckets: https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-protect.html */
export interface Throttling {
  /** @returns false if the request exceeds the limit. @param throttle undefined: no limit */
  admits(throttle: Throttle | undefined): boolean;
}

export const unlimited: Throttling = { admits: () => true };

export function createThrottling(clock: Clock): Throttling {
  const buckets = new Map<string, { tokens: number; filledAtMs: number }>();
  return {
    admits(throttle) {
      if (throttle === undefined) return true;
      const { bucket: name, ratePerSecond, burst } = throttle;
      const nowMs = clock.now();
      const bucket = buckets.get(name) ?? { tokens: burst, filledAtMs: nowMs };
      buckets.set(name, bucket);
      bucket.tokens = Math.min(burst, bucket.tokens + ((nowMs - bucket.filledAtMs) / 1000) * ratePerSecond);
      bucket.filledAtMs = nowMs;
      if (bucket.tokens < 1) return false;
      bucket.tokens -= 1;
      return true;
    },
  };
}

const throttleSettings = ['ThrottlingRateLimit', 'ThrottlingBurstLimit'];
const settingsWithoutEffect = ['DetailedMetricsEnabled', 'DataTraceEnabled', 'LoggingLevel'];

function readThrottle(
  path: string,
  bucket: string,
  settings: Readonly<Record<string, Value | undefined>> = {},
): Throttle | undefined {
  const unknown = Object.keys(settings).find((name) => ![...throttleSettings, ...settingsWithoutEffect].includes(name));
  if (unknown !== undefined) throw new Error(`${path}: the property ${unknown} is not emulated.`);
  const { optionalNumber } = readProperties(settings, path);
  const [ratePerSecond, burst] = throttleSettings.map((name) => optionalNumber(name));
  if (ratePerSecond === undefined && burst === undefined) return undefined;
  // The account's limits are the default: docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
  return { bucket, ratePerSecond: ratePerSecond ?? 10_000, burst: burst ?? 5_000 };
}
