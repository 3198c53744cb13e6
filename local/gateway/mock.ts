import type { StackResource } from '../template/stack.ts';
import type { Integration } from './integration.ts';

/** What a MOCK integration answers, as a template. */
export interface IntegrationResponse {
  readonly logicalId: string;
  readonly template: string | undefined;
}

/**
 * API Gateway answers by itself: the request template names a status, the integration response the body.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-integration-responses.html
 */
export function createMock(
  { logicalId, properties }: StackResource,
  responses: readonly IntegrationResponse[],
  stageVariables: Readonly<Record<string, string>>,
): Integration {
  const [response, ...others] = responses;
  if (others.length > 0) throw new Error(`${logicalId}: more than one integration response is not emulated.`);
  const render = response?.template === undefined ? () => '' : compile(response.template, response.logicalId);
  const statusCode = statusIn(logicalId, properties.optionalObject('RequestTemplates'));
  return {
    run: async (event) => {
      const { requestContext } = event as { requestContext?: Record<string, unknown> };
      const body = render({ context: requestContext ?? {}, stageVariables });
      return { outcome: 'returned', payload: JSON.stringify({ statusCode, body }) };
    },
  };
}

/** @throws for what is not emulated, naming it */
export function readIntegrationResponse({ logicalId, properties }: StackResource): IntegrationResponse {
  const key = properties.text('IntegrationResponseKey');
  if (key !== '$default') {
    throw new Error(`${logicalId}.IntegrationResponseKey: ${key} is not emulated: only $default is.`);
  }
  const templates = Object.values(properties.optionalObject('ResponseTemplates') ?? {});
  if (templates.length > 1) throw new Error(`${logicalId}.ResponseTemplates: more than one is not emulated.`);
  return { logicalId, template: templates[0] === undefined ? undefined : String(templates[0]) };
}

/** `{"200": "{\"statusCode\": 200}"}`: which of several is used depends on the message, and is not emulated. */
function statusIn(logicalId: string, requestTemplates: object = {}): number {
  const templates: unknown[] = Object.values(requestTemplates);
  if (templates.length > 1) throw new Error(`${logicalId}.RequestTemplates: more than one is not emulated.`);
  const template = String(templates[0] ?? '');
  if (/[$#]/.test(template)) {
    throw new Error(`${logicalId}.RequestTemplates: nothing of the template language is emulated here.`);
  }
  return Number(/"?statusCode"?\s*:\s*"?(\d{3})/.exec(template)?.[1] ?? 200);
}

type Scope = Readonly<Record<'context' | 'stageVariables', Readonly<Record<string, unknown>>>>;

/**
 * The part of the template language that names values: `$context.connectionId`, `${stageVariables.name}`.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-mapping-template-reference.html
 */
function compile(template: string, logicalId: string): (scope: Scope) => string {
  const variable = /\$\{?(context|stageVariables)((?:\.[A-Za-z0-9_]+)+)\}?/g;
  const rest = template.replaceAll(variable, '');
  if (/[$#]/.test(rest)) {
    throw new Error(
      `${logicalId}.ResponseTemplates: only $context.… and $stageVariables.… of the template language are emulated.`,
    );
  }
  return (scope) =>
    template.replaceAll(variable, (_, root: keyof Scope, path: string) => {
      let value: unknown = scope[root];
      for (const name of path.slice(1).split('.')) {
        value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
      }
      return value === undefined ? '' : String(value);
    });
}
