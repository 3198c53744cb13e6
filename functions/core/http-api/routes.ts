import { type ApiRequest, badRequest, type RequestFault } from './api-request.ts';

const forNames = 10_240;
/** 10,240 bytes of data and 100 names of channels, though every character be escaped. */
const forEvent = 128 * 1024;
/** Ten of them, each for one channel. */
const forBatch = 1024 * 1024;

/** The HTTP API: Pusher's routes, and below them our own. API Gateway answers whatever else is asked with 404. */
export const apiRoutes = [
  { route: 'events', method: 'POST', path: '/apps/{app_id}/events', maxBody: forEvent },
  { route: 'batch_events', method: 'POST', path: '/apps/{app_id}/batch_events', maxBody: forBatch },
  { route: 'channels', method: 'GET', path: '/apps/{app_id}/channels', maxBody: forNames },
  { route: 'channel', method: 'GET', path: '/apps/{app_id}/channels/{channel}', maxBody: forNames },
  { route: 'users', method: 'GET', path: '/apps/{app_id}/channels/{channel}/users', maxBody: forNames },
  {
    route: 'terminate_user',
    method: 'POST',
    path: '/apps/{app_id}/users/{user_id}/terminate_connections',
    maxBody: forNames,
  },
  {
    route: 'terminate_session',
    method: 'POST',
    path: '/apps/{app_id}/sessions/{session_hash}/terminate_connections',
    maxBody: forNames,
  },
  {
    route: 'rebind_session',
    method: 'POST',
    path: '/apps/{app_id}/sessions/{session_hash}/rebind',
    maxBody: forNames,
  },
] as const;

export type ApiRoute = (typeof apiRoutes)[number]['route'];

/** By which a session or a user loses sockets, so that they must get through when others do not. */
export function closesSockets(route: ApiRoute): boolean {
  return route === 'terminate_user' || route === 'terminate_session' || route === 'rebind_session';
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

const patterns = apiRoutes.map((entry) => ({
  ...entry,
  pattern: new RegExp(`^${entry.path.replaceAll(/\{\w+\}/g, '([^/]+)')}$`),
}));

/** What can be told before the signature: whether this app is meant, and whether there is anything to verify. */
export function findTarget({ method, path, body }: ApiRequest, appId: string): ApiTarget | RequestFault {
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
