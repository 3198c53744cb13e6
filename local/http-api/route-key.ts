/** `POST /apps/{app_id}/events`, `ANY /{proxy+}` or `$default`. */
export interface RouteKey {
  readonly text: string;
  /** `ANY` for every method; undefined for `$default`. */
  readonly method: string | undefined;
  readonly path: string;
}

export interface Match {
  readonly pathParameters: Readonly<Record<string, string>>;
  /** The most exact wins: "full match, greedy path variable, $default". */
  readonly rank: number;
}

/**
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 * @throws for what is no route key
 */
export function parseRouteKey(text: string, logicalId: string): RouteKey {
  if (text === '$default') return { text, method: undefined, path: '' };
  const found = /^(ANY|DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT) (\/\S*)$/.exec(text);
  // "The greedy path variable must be at the end of the resource path."
  if (found === null || /\+\}./.test(text)) {
    throw new Error(`${logicalId}.RouteKey: ${text} is no route of an HTTP API.`);
  }
  return { text, method: found[1] ?? '', path: found[2] ?? '' };
}

/** @param path without the stage */
export function matchRoute(key: RouteKey, method: string, path: string): Match | undefined {
  if (key.method === undefined) return { pathParameters: {}, rank: 0 };
  if (key.method !== 'ANY' && key.method !== method) return undefined;
  const wanted = segments(key.path);
  const asked = segments(path);
  const pathParameters: Record<string, string> = {};
  const ofMethod = key.method === 'ANY' ? 0 : 1;
  for (const [index, segment] of wanted.entries()) {
    const greedy = /^\{(.+)\+\}$/.exec(segment)?.[1];
    if (greedy !== undefined) {
      if (asked.length <= index) return undefined;
      pathParameters[greedy] = asked.slice(index).join('/');
      // Behind every full match; the longer of two greedy ones first.
      return { pathParameters, rank: 100 + 2 * index + ofMethod };
    }
    const value = asked[index];
    if (value === undefined) return undefined;
    const name = /^\{(.+)\}$/.exec(segment)?.[1];
    if (name === undefined && segment !== value) return undefined;
    if (name !== undefined) pathParameters[name] = value;
  }
  if (asked.length !== wanted.length) return undefined;
  const exact = wanted.filter((segment) => !segment.startsWith('{')).length;
  return { pathParameters, rank: 10_000 + 2 * exact + ofMethod };
}

function segments(path: string): readonly string[] {
  return path.split('/').slice(1);
}
