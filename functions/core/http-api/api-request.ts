import { type ApiRoute, apiRoutes } from './routes.ts';

/** A request to the HTTP API, with the signed path and body. */
export interface ApiRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Unchanged, without `?`. */
  readonly query: string;
  readonly body: Buffer;
  /** The header `Idempotency-Key`. It is not signed. */
  readonly idempotencyKey?: string | undefined;
}

/** Why a request fails: an HTTP status and a sentence for PHP's log. */
export interface RequestFault {
  readonly status: 400 | 401 | 404 | 409 | 413 | 503;
  readonly sentence: string;
  /** The signature is wrong, too old, or for another body. This may be an attack. */
  readonly isBadSignature?: boolean;
  /** The request may be signed with a newer secret than ours. */
  readonly mayBeNewer?: boolean;
}

export function badRequest(sentence: string): RequestFault {
  return { status: 400, sentence };
}

/** The target of a request. */
export interface ApiTarget {
  readonly route: ApiRoute;
  /** The channel, user or session in the path, where the route has one. */
  readonly name: string;
}

/**
 * Characters that a path may contain unescaped (https://www.rfc-editor.org/rfc/rfc3986#section-3.3). Channel names and
 * session hashes need no others.
 */
const plainPath = /^[A-Za-z0-9\-._~!$&'()*+,;=:@/]*$/;
/** Line feeds separate the parts of the signed text, so no part may contain one. */
const printable = /^\P{Cc}*$/u;

// Pure, so that bundles without routes do not contain them.
const patterns = /* @__PURE__ */ apiRoutes.map((entry) => ({
  ...entry,
  pattern: new RegExp(`^${entry.path.replaceAll(/\{\w+\}/g, '([^/]+)')}$`),
}));

/**
 * Reads the route and the name from the path. Runs before the signature is checked, so it only refuses unknown routes
 * and apps.
 */
export function readTarget({ method, path, body }: ApiRequest, appId: string): ApiTarget | RequestFault {
  const found = patterns.find((entry) => entry.method === method && entry.pattern.test(path));
  const allowed = found?.route === 'terminate_user' ? printable : plainPath;
  if (!allowed.test(path)) return badRequest('The path contains a character that must be escaped.');
  if (found === undefined) return { status: 404, sentence: 'The HTTP API has no route with this method and path.' };
  const [, app, name = ''] = found.pattern.exec(path) ?? [];
  if (app !== appId) return { status: 404, sentence: 'This gateway has no app with this id.' };
  if (body.length > found.maxBody)
    return { status: 413, sentence: `The body exceeds the allowed maximum (${found.maxBody} bytes).` };
  return { route: found.route, name };
}

/** Decodes a path. A path with invalid escapes stays unchanged. */
export function unescapePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Reads a query: names in lower case, values decoded. A name that is repeated or has an index becomes one list. */
export function readQuery(query: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const [written, value] of new URLSearchParams(query)) {
    const name = written.toLowerCase().replace(/\[\d*\]$/, '');
    const before = parameters.get(name);
    parameters.set(name, before === undefined ? value : `${before},${value}`);
  }
  return parameters;
}
