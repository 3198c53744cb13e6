import { Aws, Duration, Fn } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import type { SessionSocketProps } from '../../lib/session-socket-props.ts';
import { BadProps, settleProps } from '../../lib/settle-props.ts';

const good: SessionSocketProps = {
  sessionEndpoint: 'https://app.example.com/getSessionID',
  allowedOrigins: ['https://app.example.com'],
};

const noUrl = (text: string) => `"${text}" is not an absolute https URL such as https://app.example.com/getSessionID.`;
const noOrigin = (text: string) => `allowedOrigins: "${text}" is not an origin such as https://app.example.com.`;
const wildcard = (text: string) => `allowedOrigins: "${text}" contains a wildcard. List each origin.`;
const opaque = (text: string) =>
  `allowedOrigins: "${text}" cannot be allowed: local files and sandboxed frames of any site all send "null". Serve the page over https or with an app's own scheme, such as capacitor://localhost.`;
const write = (text: string, origin: string) =>
  `allowedOrigins: "${text}" is not an origin as browsers send it; write "${origin}".`;
const onlyHttps = (text: string) =>
  `The session endpoint must be an https URL (got "${text}"). Use https, or a loopback address for local development.`;
const noPassword = 'The session endpoint must not contain a user or password.';
const badTimeout = (ms: number) => `sessionTimeout is ${ms} ms; it must be between 100 ms and 20 s.`;
const badMaximum = (value: number) => `maxConnectionsPerUser must be a whole number from 1 to 1000 (got ${value}).`;
const badChecks = (value: number) =>
  `maxConcurrentSessionChecks is ${value}; it must be a whole number above 0, or nobody could connect.`;
const badInterval = (s: number) => `revalidate is ${s} s; it must be between 1 minute and 2 hours, or false for never.`;
const badTraffic = (name: string, value: number) => `${name} is ${value}; it must be a whole number above 0.`;
const badThrottle = 'throttle needs a rateLimit and a burstLimit above 0, or nobody could connect.';

describe('rejects, with one plain sentence,', () => {
  it.each<[string, Partial<SessionSocketProps>, string]>([
    ['no endpoint', { sessionEndpoint: '' }, noUrl('')],
    ['an endpoint that is only a path', { sessionEndpoint: '/getSessionID' }, noUrl('/getSessionID')],
    ['an endpoint of another scheme', { sessionEndpoint: 'ftp://app.example.com/' }, noUrl('ftp://app.example.com/')],
    ['checks that never come', { revalidate: Duration.hours(3) }, badInterval(10_800)],
    ['checks without a pause', { revalidate: Duration.seconds(59) }, badInterval(59)],
    ['checks at no interval', { revalidate: Duration.minutes(0) }, badInterval(0)],
    [
      'an http endpoint',
      { sessionEndpoint: 'http://app.example.com/getSessionID' },
      onlyHttps('http://app.example.com/getSessionID'),
    ],
    [
      'an http endpoint that only looks like loopback',
      { sessionEndpoint: 'http://localhost.example.com/' },
      onlyHttps('http://localhost.example.com/'),
    ],
    ['a user in the endpoint', { sessionEndpoint: 'https://gonzalo@app.example.com/' }, noPassword],
    ['a password in the endpoint', { sessionEndpoint: 'https://gonzalo:password@app.example.com/' }, noPassword],
    [
      'a fragment in the endpoint',
      { sessionEndpoint: 'https://app.example.com/#id' },
      'The session endpoint must not contain a fragment.',
    ],
    [
      'an empty list of origins',
      { allowedOrigins: [] },
      'allowedOrigins is empty: name at least the origin of your own pages, such as https://app.example.com.',
    ],
    ['an origin of any host', { allowedOrigins: ['*'] }, wildcard('*')],
    [
      'an origin with a wildcard',
      { allowedOrigins: ['https://*.example.com'] },
      'allowedOrigins: "https://*.example.com" contains a wildcard. List each origin.',
    ],
    ['an origin without a scheme', { allowedOrigins: ['app.example.com'] }, noOrigin('app.example.com')],
    ['the origin of a sandboxed page', { allowedOrigins: ['null'] }, opaque('null')],
    [
      'an origin with a slash at its end',
      { allowedOrigins: ['https://app.example.com/'] },
      write('https://app.example.com/', 'https://app.example.com'),
    ],
    [
      'an origin with a path',
      { allowedOrigins: ['https://app.example.com/shop'] },
      write('https://app.example.com/shop', 'https://app.example.com'),
    ],
    [
      'an origin in upper case',
      { allowedOrigins: ['https://App.Example.com'] },
      write('https://App.Example.com', 'https://app.example.com'),
    ],
    [
      "an origin with its scheme's own port",
      { allowedOrigins: ['https://app.example.com:443'] },
      write('https://app.example.com:443', 'https://app.example.com'),
    ],
    [
      'a second origin that is none',
      { allowedOrigins: ['https://app.example.com', 'https://shop.example.com/'] },
      write('https://shop.example.com/', 'https://shop.example.com'),
    ],
    [
      'a mode that is not known',
      { mode: 'guess' as 'status' },
      'mode must be one of ticket, cookie, session-id, status (got "guess").',
    ],
    [
      'a place for the token that is not known',
      { tokenFrom: 'header' as 'query' },
      'tokenFrom must be one of query, subprotocol, cookie (got "header").',
    ],
    [
      'a check that is not known',
      { sessionCheck: 'never' as 'always' },
      'sessionCheck must be one of always, trust-ticket (got "never").',
    ],
    [
      'a token in mode cookie',
      { mode: 'cookie', tokenFrom: 'query' },
      'mode "cookie" has no token, so tokenFrom cannot be "query". Leave tokenFrom out.',
    ],
    ['a token from a cookie', { mode: 'ticket', tokenFrom: 'cookie' }, 'tokenFrom "cookie" needs mode "cookie".'],
    [
      'a session id as sub-protocol',
      { mode: 'session-id', tokenFrom: 'subprotocol' },
      'tokenFrom "subprotocol" needs mode "ticket": a session id may contain a comma, and a sub-protocol may not.',
    ],
    [
      'trust in what is no ticket',
      { mode: 'cookie', sessionCheck: 'trust-ticket' },
      'sessionCheck "trust-ticket" needs mode "ticket": only a ticket can be trusted without asking PHP.',
    ],
    [
      'cookies from nowhere',
      { mode: 'cookie', allowMissingOrigin: true },
      'allowMissingOrigin is not allowed with mode "cookie": browsers add cookies to the requests of every page, and only Origin tells your page from another.',
    ],
    [
      "a session's cookie beside a ticket",
      { mode: 'ticket', cookieName: 'SID' },
      'cookieName has no effect in mode "ticket": a ticket contains the cookies. Leave it out, or set mode "session-id" or "status".',
    ],
    [
      "a session's cookie where no mode is set",
      { cookieName: 'SID' },
      'cookieName has no effect in mode "ticket", which is the default: a ticket contains the cookies. Leave it out, or set mode "session-id" or "status".',
    ],
    [
      "a session's cookie in mode cookie",
      { mode: 'cookie', cookieName: 'SID' },
      'cookieName has no effect in mode "cookie". Use cookies.',
    ],
    [
      'a list of cookies that nobody reads',
      { mode: 'ticket', cookies: ['SID'] },
      'cookies has no effect in mode "ticket". Leave it out, or set mode "cookie".',
    ],
    [
      'a list of cookies where no mode is set',
      { cookies: ['SID'] },
      'cookies has no effect in mode "ticket", which is the default. Leave it out, or set mode "cookie".',
    ],
    ['no cookies', { mode: 'cookie', cookies: [] }, 'cookies is empty. List at least the session cookie.'],
    [
      'every cookie',
      { mode: 'cookie', cookies: ['SID', '*'] },
      'cookies: "*" would forward every cookie. Give at least the first characters of the name.',
    ],
    [
      'a * in the middle',
      { mode: 'cookie', cookies: ['wp_*_in'] },
      'cookies: "wp_*_in" has a * before its end. A * is allowed at the end only.',
    ],
    ['a cookie with a value', { mode: 'cookie', cookies: ['a=1'] }, 'cookies: "a=1" is not the name of a cookie.'],
    ['a cookie without a name', { mode: 'status', cookieName: '' }, 'cookieName "" is not the name of a cookie.'],
    [
      'a cookie name that is two cookies',
      { mode: 'session-id', cookieName: 'a=1; b' },
      'cookieName "a=1; b" is not the name of a cookie.',
    ],
    ['a timeout below 100 ms', { sessionTimeout: Duration.millis(99) }, badTimeout(99)],
    ['a timeout above 20 s', { sessionTimeout: Duration.seconds(21) }, badTimeout(21_000)],
    ['no connection at all', { maxConnectionsPerUser: 0 }, badMaximum(0)],
    ['half a connection', { maxConnectionsPerUser: 1.5 }, badMaximum(1.5)],
    ['more connections than can be counted in a handshake', { maxConnectionsPerUser: 1001 }, badMaximum(1001)],
    [
      'an unknown end of a connection too many',
      { atMaxConnections: 'newest-out' as 'refuse' },
      'atMaxConnections must be one of refuse, oldest-out (got "newest-out").',
    ],
    ['no session check at all', { maxConcurrentSessionChecks: 0 }, badChecks(0)],
    [
      'one session check for handshakes and for open sockets',
      { maxConcurrentSessionChecks: 1 },
      'maxConcurrentSessionChecks is 1, but handshakes and open sockets need one each; use at least 2, or revalidate=false.',
    ],
    ['half a session check', { maxConcurrentSessionChecks: 0.5 }, badChecks(0.5)],
    ['no channel at all', { maxChannelsPerConnection: 0 }, badTraffic('maxChannelsPerConnection', 0)],
    [
      'more channels than a row can hold',
      { maxChannelsPerConnection: 1001 },
      'maxChannelsPerConnection is 1001; it must be at most 1000.',
    ],
    ...(
      [
        'maxFramesPerMinute',
        'maxFramesPerMinutePerUser',
        'maxClientEventsPerSecond',
        'maxClientEventsPerMinutePerUser',
        'maxPresenceJoinsPerMinute',
        'maxPresenceJoinsPerMinutePerUser',
        'maxHandshakesPerMinutePerUser',
      ] as const
    ).flatMap((name): [string, Partial<SessionSocketProps>, string][] => [
      ...[0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY].map(
        (limit): [string, Partial<SessionSocketProps>, string] => [
          `a ${name} of ${limit}`,
          { [name]: limit },
          badTraffic(name, limit),
        ],
      ),
      [`a ${name} that limits nothing`, { [name]: 1_000_001 }, `${name} is 1000001; it must be at most 1000000.`],
    ]),
    ['a throttle that lets nobody in', { throttle: { rateLimit: 0, burstLimit: 100 } }, badThrottle],
    ['a throttle without bursts', { throttle: { rateLimit: 100, burstLimit: 0 } }, badThrottle],
    [
      'an HTTP throttle that is shut',
      { httpThrottle: { rateLimit: 0, burstLimit: 1 } },
      'httpThrottle needs a rateLimit and a burstLimit above 0, or no logout would close a socket.',
    ],
    [
      'a log level below INFO',
      { systemLogLevel: 'DEBUG' as 'WARN' },
      'systemLogLevel is "DEBUG"; use INFO or WARN, or leave it out.',
    ],
    [
      'a quota so small that no worker would come to its end',
      { accountRequestQuota: { rateLimit: 99, burstLimit: 50 } },
      'accountRequestQuota needs a rateLimit of at least 100 and a burstLimit of at least 10, or broadcasts would time out.',
    ],
  ])('%s', (_, bad, sentence) => {
    expect(() => settleProps({ ...good, ...bad })).toThrow(new BadProps(sentence));
  });
});

describe('accepts', () => {
  it.each<[string, Partial<SessionSocketProps>]>([
    ['only the required props', {}],
    ['an endpoint with a port and a query string', { sessionEndpoint: 'https://app.example.com:8443/id?of=session' }],
    ['http on loopback, for the local cloud', { sessionEndpoint: 'http://127.0.0.1:8080/getSessionID' }],
    ['http on localhost', { sessionEndpoint: 'http://localhost:8080/getSessionID' }],
    ['http on IPv6 loopback', { sessionEndpoint: 'http://[::1]:8080/getSessionID' }],
    ['several origins', { allowedOrigins: ['https://app.example.com', 'http://localhost:8080'] }],
    ['mode status', { mode: 'status' }],
    ['tickets', { mode: 'ticket' }],
    ['tickets as sub-protocol', { mode: 'ticket', tokenFrom: 'subprotocol', sessionCheck: 'trust-ticket' }],
    ['tickets of clients that are no browsers', { mode: 'ticket', allowMissingOrigin: true }],
    ['cookies', { mode: 'cookie' }],
    ['cookies by name', { mode: 'cookie', tokenFrom: 'cookie', cookies: ['__Host-SID', 'wordpress_logged_in_*'] }],
    ['session ids', { mode: 'session-id' }],
    ["a cookie's name with a prefix", { mode: 'session-id', cookieName: '__Host-PHPSESSID' }],
    ['one connection, the newest', { maxConnectionsPerUser: 1, atMaxConnections: 'oldest-out' }],
    ['one session check at a time', { revalidate: false, maxConcurrentSessionChecks: 1 }],
    ['one frame a minute', { maxFramesPerMinute: 1, maxClientEventsPerSecond: 1, maxChannelsPerConnection: 1000 }],
    ['the most client events', { maxClientEventsPerSecond: 1_000_000 }],
    ['the shortest timeout', { sessionTimeout: Duration.millis(100) }],
    ['the longest timeout', { sessionTimeout: Duration.seconds(20) }],
    [
      'an endpoint that only CloudFormation knows',
      { sessionEndpoint: `https://${Fn.importValue('Host')}/getSessionID` },
    ],
    ['an origin that only CloudFormation knows', { allowedOrigins: [`https://app.${Aws.REGION}.example.com`] }],
  ])('%s', (_, props) => {
    expect(() => settleProps({ ...good, ...props })).not.toThrow();
  });
});
