import type { SessionAnswer } from '../../../functions/core/handshake/session-answer.ts';

/** The only id that PHP may answer here. */
export const askedId = '0123456789abcdef0123456789abcdef';
export const endpoint = new URL('https://app.example.com/getSessionID');
/** The header that these tests treat as signed by PHP. */
export const signedNo = 'no,s=right';

const html = (status: number, headers: SessionAnswer['headers'] = {}): SessionAnswer => ({
  status,
  headers: { 'content-type': 'text/html', ...headers },
  body: '<h1>Hello</h1>',
});
const json = (value: unknown, status = 200): SessionAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
});

/** One for each row of the table in docs/modes.md. The first column says what it is. */
export const answers: readonly (readonly [string, SessionAnswer])[] = [
  ['200, JSON, the session id that was asked about', json({ sessionId: askedId, userId: '42' })],
  ['200, JSON, another session id', json('other')],
  ['200, `null`', json(null)],
  ['200, other JSON', json({ status: 'maintenance' })],
  ['200, a page', html(200)],
  ['403 with the signature of `session-socket.php`', html(403, { 'x-session-socket-answer': signedNo })],
  ['403', html(403)],
  ['401', html(401)],
  ['401 or 403 with `WWW-Authenticate` (HTTP Basic)', html(401, { 'www-authenticate': 'Basic realm="Staging"' })],
  ['any status with a challenge header such as `cf-mitigated`', html(403, { 'cf-mitigated': 'challenge' })],
  ['302, 303, 307 to another path of the same host', html(302, { location: '/login' })],
  ['302, 303, 307 to another host', html(302, { location: 'https://www.app.example.com/getSessionID' })],
  ['302, 303, 307 to the same path', html(307, { location: 'http://app.example.com/getSessionID/' })],
  ['301, 308', html(301, { location: '/login' })],
  ['404, 419, 429, 5xx and every other status', html(503, { 'retry-after': '30' })],
  ['421', json({ error: '' }, 421)],
];
