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
