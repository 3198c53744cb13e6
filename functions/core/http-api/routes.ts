const forNames = 10_240;
/** Enough for 10,240 bytes of data and 100 channel names, even if every character is escaped. */
const forEvent = 128 * 1024;
/** Ten events, each for one channel. */
const forBatch = 1024 * 1024;

/** The HTTP API: Pusher's routes, then our own. API Gateway answers 404 to all others. */
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

/** Whether a route closes sockets of a session or a user. Such requests must succeed even when others are throttled. */
export function closesSockets(route: ApiRoute): boolean {
  return route === 'terminate_user' || route === 'terminate_session' || route === 'rebind_session';
}
