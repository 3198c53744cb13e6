import { parseJson } from '../http/input.ts';

/** @returns the route key of a message; '' if it has none */
export type RouteSelection = (body: string) => string;

/**
 * A route selection expression: `$request.body.path`, `${request.body.a}/${request.body.b}`, or static text.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-routes.html
 * @throws for anything else
 */
export function parseRouteSelection(expression: string): RouteSelection {
  const whole = bodyPath(expression.replace(/^\$/, ''));
  // "Non-JSON → $default": docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-routes-integrations.html
  if (expression.startsWith('$request.') && whole !== undefined) return join([whole]);

  const parts: (string | readonly string[])[] = [];
  let rest = expression;
  while (rest !== '') {
    const variable = /^\$\{([^}]*)\}/.exec(rest);
    const literal = /^(?:\\\$|[^$\\])+/.exec(rest);
    if (variable !== null) {
      const path = bodyPath((variable[1] ?? '').replace(/^\$/, ''));
      if (path === undefined) throw new Error(`the route selection expression ${expression} is not emulated.`);
      parts.push(path);
    } else if (literal !== null) {
      parts.push(literal[0].replaceAll('\\$', '$'));
    } else {
      throw new Error(`the route selection expression ${expression} is not emulated.`);
    }
    rest = rest.slice((variable ?? literal)?.[0].length);
  }
  return join(parts);
}

function join(parts: readonly (string | readonly string[])[]): RouteSelection {
  return (body) => {
    const parsed = parseJson(body);
    try {
      return parts.map((part) => (typeof part === 'string' ? part : select(parsed, part))).join('');
    } catch (error) {
      // The value is nested too deep for JSON.stringify, so it matches no route.
      if (error instanceof RangeError) return '';
      throw error;
    }
  };
}

/** Also supports array elements, `request.body.[2]`, which OCPP gateways (charging stations) use. */
function bodyPath(reference: string): readonly string[] | undefined {
  if (!/^request\.body(\.[A-Za-z0-9_-]+|\.?\[\d{1,9}\])+$/.test(reference)) return undefined;
  return reference.slice('request.body'.length).match(/[A-Za-z0-9_-]+|\[\d+\]/g) ?? [];
}

function select(body: unknown, path: readonly string[]): string {
  let value = body;
  for (const name of path) {
    const index = /^\[(\d+)\]$/.exec(name)?.[1];
    const key = index ?? name;
    const isRightKind = typeof value === 'object' && value !== null && Array.isArray(value) === (index !== undefined);
    value = isRightKind && Object.hasOwn(value as object, key) ? (value as Record<string, unknown>)[key] : undefined;
  }
  return stringify(value);
}

/** "The result is stringified"; an array becomes `[item1, item2]`. AWS does not document null and objects. */
function stringify(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return `[${value.map(stringify).join(', ')}]`;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
