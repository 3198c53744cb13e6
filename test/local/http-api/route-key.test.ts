import { describe, expect, it } from 'vitest';
import { matchRoute, parseRouteKey } from '../../../local/http-api/http-api.ts';

const keys = [
  '$default',
  'ANY /{proxy+}',
  'GET /apps/{proxy+}',
  'POST /apps/{app_id}/events',
  'ANY /apps/{app_id}/events',
  'POST /apps/own/events',
  'GET /',
];

/** Which of them answers, as API Gateway chooses: full match, then greedy, then $default. */
function chosen(method: string, path: string) {
  const matches = keys.flatMap((text) => {
    const match = matchRoute(parseRouteKey(text, 'Route'), method, path);
    return match === undefined ? [] : [{ text, ...match }];
  });
  return matches.sort((left, right) => right.rank - left.rank)[0];
}

describe('the route of an HTTP request', () => {
  it.each([
    ['POST', '/apps/17/events', 'POST /apps/{app_id}/events', { app_id: '17' }],
    ['PUT', '/apps/17/events', 'ANY /apps/{app_id}/events', { app_id: '17' }],
    ['POST', '/apps/own/events', 'POST /apps/own/events', {}],
    ['GET', '/apps/17', 'GET /apps/{proxy+}', { proxy: '17' }],
    ['DELETE', '/apps/17/users/1', 'ANY /{proxy+}', { proxy: 'apps/17/users/1' }],
    ['GET', '/', 'GET /', {}],
  ])('%s %s is %s', (method, path, key, pathParameters) => {
    expect(chosen(method, path)).toMatchObject({ text: key, pathParameters });
  });

  it('is $default if no other route matches', () => {
    expect(matchRoute(parseRouteKey('$default', 'Route'), 'GET', '/anything')).toEqual({ pathParameters: {}, rank: 0 });
  });

  it.each(['', 'POST', 'post /x', 'POST x', 'TRACE /x', '$connect', 'GET /{proxy+}/x'])(
    'cannot have the key "%s"',
    (text) => {
      expect(() => parseRouteKey(text, 'Route')).toThrow('Route.RouteKey');
    },
  );
});
