import { type ApiRoute, apiRoutes } from './routes.ts';

/** A request to the HTTP API, with the path and the body as they were signed. */
export interface ApiRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** As it was sent, without `?`. */
  readonly query: string;
  readonly body: Buffer;
  /** The header `Idempotency-Key`, which is not signed. */
  readonly idempotencyKey?: string | undefined;
}

/** Why a request is not answered: an HTTP status and a sentence for who reads PHP's log. */
export interface RequestFault {
  readonly status: 400 | 401 | 404 | 409 | 413 | 503;
  readonly sentence: string;
  /** There was a signature, and it is another's, too old, or for another body: a trace of an attack. */
  readonly isBadSignature?: boolean;
  /** The secret that it was signed with may be newer than ours. */
  readonly mayBeNewer?: boolean;
}

export function badRequest(sentence: string): RequestFault {
  return { status: 400, sentence };
}

/** What a request is about. */
export interface ApiTarget {
  readonly route: ApiRoute;
  /** The channel, user or session in the path, where the route has one. */
  readonly name: string;
}

/**
 * What a path holds unescaped (https://www.rfc-editor.org/rfc/rfc3986#section-3.3). Names of channels and hashes of sessions need
 * nothing else.
 */
const plainPath = /^[A-Za-z0-9\-._~!$&'()*+,;=:@/]*$/;
/** What is signed is put together with line feeds, so nothing with one in it may be part of it. */
const printable = /^\P{Cc}*$/u;

// Pure, so that a bundle has them only where requests are read.
const patterns = /* @__PURE__ */ apiRoutes.map((entry) => ({
  ...entry,
  pattern: new RegExp(`^${entry.path.replaceAll(/\{\w+\}/g, '([^/]+)')}$`),
}));

/** What can be told before the signature: whether this app is meant, and whether there is anything to verify. */
export function readTarget({ method, path, body }: ApiRequest, appId: string): ApiTarget | RequestFault {
  const found = patterns.find((entry) => entry.method === method && entry.pattern.test(path));
  const allowed = found?.route === 'terminate_user' ? printable : plainPath;
  if (!allowed.test(path)) return badRequest('The path has a character that must be escaped there.');
  if (found === undefined) return { status: 404, sentence: 'There is nothing at this path.' };
  const [, app, name = ''] = found.pattern.exec(path) ?? [];
  if (app !== appId) return { status: 404, sentence: 'There is no app with this id here.' };
  if (body.length > found.maxBody)
    return { status: 413, sentence: `The body exceeds the allowed maximum (${found.maxBody} bytes).` };
  return { route: found.route, name };
}

/** The path itself where its escapes are none. */
export function unescapePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** The query of a request: names in lower case, values unescaped; a name that comes twice, or with an index, is one list. */
export function readQuery(query: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const [written, value] of new URLSearchParams(query)) {
    const name = written.toLowerCase().replace(/\[\d*\]$/, '');
    const before = parameters.get(name);
    parameters.set(name, before === undefined ? value : `${before},${value}`);
  }
  return parameters;
}
