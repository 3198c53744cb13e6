import type { Log } from '../log.ts';
import { readProperties, type Stack, type StackResource } from '../template/stack.ts';
import { readThrottle, type Throttle } from './throttle.ts';

/** What the template says of a stage, for any kind of API. */
export interface StageDeclaration {
  readonly logicalId: string;
  readonly name: string;
  readonly variables: Readonly<Record<string, string>>;
  /** By route key. */
  throttleOf(routeKey: string): Throttle | undefined;
  /** Whether what is in the template reached this stage. */
  hasDeployed(routeLogicalId: string): boolean;
}

/** @throws when the API has none */
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
  // Whether AWS gives every route a bucket of this size, or all of them one, is not known. With one, a route can starve another.
  const ofStage = properties.optionalObject('DefaultRouteSettings');
  const defaults = readThrottle(`${logicalId}.DefaultRouteSettings`, name, ofStage);
  const routeKeys = routesOf(stack, properties).map((route) => route.properties.text('RouteKey'));
  const settings = properties.optionalObject('RouteSettings') ?? {};
  const { optionalObject } = readProperties(settings, `${logicalId}.RouteSettings`);
  const byRoute = new Map<string, Throttle | undefined>();
  for (const key of Object.keys(settings)) {
    // CloudFormation does not find it either, and does not deploy the stage.
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
 * A deployment is a snapshot of what exists when it is made. Routes that it does not wait for (`DependsOn`) come too late,
 * and answer as if there were none: aws-samples/simple-websockets-chat-app#24. One that waits for no route at all cannot
 * be judged from the template.
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
    throw new Error(`${stageId}.DeploymentId: ${deploymentId} is no deployment of this stack.`);
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

/** With those of the dependencies themselves. */
function dependenciesOf(stack: Stack, logicalId: string, found = new Set<string>()): ReadonlySet<string> {
  for (const dependency of stack.dependenciesOf(logicalId)) {
    if (found.has(dependency)) continue;
    found.add(dependency);
    dependenciesOf(stack, dependency, found);
  }
  return found;
}
