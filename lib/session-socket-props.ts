import type { Duration } from 'aws-cdk-lib';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { LimitChoice } from '../functions/core/connections/connection-limit.ts';
import type { SessionCheck, SessionMode, TokenSource } from '../functions/core/handshake/handshake-options.ts';

/**
 * A limit of requests, counted by API Gateway's token bucket
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html).
 */
export interface RateLimit {
  /** Requests in each second. */
  readonly rateLimit: number;
  /** Requests at the same moment: the size of the bucket. */
  readonly burstLimit: number;
}

export interface SessionSocketProps {
  /**
   * The absolute https URL of the PHP route that answers whose session a cookie is, usually
   * `https://app.example.com/getSessionID`. In mode `status`: any page that only a logged-in user gets. The gateway
   * follows no redirects. Only loopback may be http.
   */
  readonly sessionEndpoint: string;

  /**
   * The origins of the pages that may connect, exactly as browsers send them: `https://app.example.com`. Add a port
   * only if it is not the scheme's default. Web views of apps have origins too, such as `capacitor://localhost`. At
   * least one.
   */
  readonly allowedOrigins: readonly string[];

  /**
   * How a token becomes a session.
   * - `ticket`: PHP encrypts the session id into a token for one handshake, and must answer with the same id.
   * - `cookie`: the token is the handshake's own cookies. It needs a socket on the site of the app.
   * - `session-id`: the token is the session id. PHP must answer 200 with the same id as a JSON string.
   * - `status`: the token is the session id. PHP must answer 200; the gateway ignores the body.
   * @default 'ticket'
   */
  readonly mode?: SessionMode;

  /**
   * Where the token is.
   * - `query`: in `?token=`.
   * - `subprotocol`: in `new WebSocket(url, ['session-socket', ticket])`, which keeps tickets out of URLs.
   * - `cookie`: in the cookies. Mode `cookie` requires it, and no other mode allows it.
   * @default 'query', and 'cookie' in mode 'cookie'
   */
  readonly tokenFrom?: TokenSource;

  /**
   * `always`: the gateway asks PHP in every handshake. `trust-ticket`, in mode `ticket` only: a valid ticket is enough.
   * The gateway does not ask PHP, so it misses a logout within the ticket's 30 s.
   * @default 'always'
   */
  readonly sessionCheck?: SessionCheck;

  /**
   * The name of PHP's session cookie (`session_name()`), in the modes whose token is the session id.
   * @default 'PHPSESSID'
   */
  readonly cookieName?: string;

  /**
   * The names of the cookies that the gateway passes on from the handshake to PHP, in mode `cookie`. A `*` at the end
   * of a name matches anything, as in `wordpress_logged_in_*`. The gateway never passes on other cookies.
   * @default ['PHPSESSID']
   */
  readonly cookies?: readonly string[];

  /**
   * How long PHP may take for its whole answer, 100 ms to 20 s. If PHP takes longer, the handshake fails with 500.
   * @default Duration.millis(2500)
   */
  readonly sessionTimeout?: Duration;

  /**
   * Allows clients that send no `Origin`, which every browser sends. Never possible in mode `cookie`.
   * @default false
   */
  readonly allowMissingOrigin?: boolean;

  /**
   * How many sockets a user may have open at once, 1 to 1000. If PHP names no user, the limit is for a session. Without
   * a limit, one login, or a page that forgets to close its sockets, could use up the account's quotas. Raise it if one
   * `userId` stands for many people, such as all guests.
   * @default 100
   */
  readonly maxConnectionsPerUser?: number;

  /**
   * What happens above `maxConnectionsPerUser`. `refuse`: the new handshake gets 403. `oldest-out`: the new socket
   * opens, and the user's oldest one is closed with `pusher:error` 4004, after which a client does not reconnect.
   * @default 'refuse'
   */
  readonly atMaxConnections?: LimitChoice;

  /**
   * Handshakes of one user that PHP accepts in a minute. If PHP names no user, the limit is for a session. Up to a
   * quarter more may pass; above that a handshake gets 403. Raise it if one `userId` stands for many people.
   * @default - twice `maxConnectionsPerUser`: 200
   */
  readonly maxHandshakesPerMinutePerUser?: number;

  /**
   * How many session checks may run in PHP at the same time. One of them is for open sockets (`revalidate`); the rest
   * become the reserved concurrency of the authorizer. The limit protects PHP but rejects sockets: API Gateway rejects
   * handshakes above it, and clients must retry. Choose the number of PHP workers that you can spare. A new AWS
   * account may have no concurrency to reserve, because Lambda keeps a part of it unreserved; then the deployment fails
   * (https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html).
   * @default - as many as Lambda runs
   */
  readonly maxConcurrentSessionChecks?: number;

  /**
   * How often the gateway asks PHP again about the session of an open socket, 1 minute to 2 hours. If PHP no longer
   * knows the session, its sockets are closed. `false`: never; then only a logout, or the end that PHP named, closes
   * sockets. Each check is a request to `sessionEndpoint` with the session's cookie. If that route starts a session in
   * the usual way (`session_start()`), an open tab keeps its session alive forever.
   * @default Duration.minutes(10) in mode 'ticket', where the PHP file never touches the session; false in other modes
   */
  readonly revalidate?: Duration | false;

  /**
   * Sends `hello {hello: 'world'}` to everyone every second, for the demo. At API Gateway's $1 per million messages
   * this costs about $2.60 a month for each open socket, and a Lambda runs while anybody is connected.
   * @default false
   */
  readonly hello?: boolean;

  /**
   * Pusher's `app_id`, 1 to 64 letters, digits, - and _: a part of the HTTP API's paths. Digits are safest, because
   * some of Pusher's libraries accept nothing else. If you change it, or `key`, change PHP's settings too: until then
   * every handshake fails. The secret stays the same.
   * @default - twelve digits, derived from the stack's name and the construct's path in the stack
   */
  readonly appId?: string;

  /**
   * Pusher's `key`, 1 to 32 letters, digits, - and _. It is public, and tickets name it as their `kid`.
   * @default - twenty hex digits, derived from the stack's name and the construct's path in the stack
   */
  readonly key?: string;

  /**
   * The stage's default throttle, in requests per second. Handshakes and frames share the account's quota of 10,000
   * with the posts to sockets, so they must not use it up
   * (https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html).
   * @default { rateLimit: 2000, burstLimit: 1000 }
   */
  readonly throttle?: RateLimit;

  /**
   * Frames of one connection in a minute, including pings and client events. Up to a quarter more may pass. Above that
   * a frame gets Pusher's error 4301; at three times the limit the socket is closed.
   * @default - 300 and a minute of `maxClientEventsPerSecond`: 900
   */
  readonly maxFramesPerMinute?: number;

  /**
   * Frames of all connections of one user in a minute, rejected as for `maxFramesPerMinute`. If PHP names no user, the
   * limit is for a session. Raise it if one `userId` stands for many people.
   * @default - three times `maxFramesPerMinute`: 2,700
   */
  readonly maxFramesPerMinutePerUser?: number;

  /**
   * Client events of one connection in a second. Up to a quarter more may pass; above that an event is rejected with
   * 4301 (https://pusher.com/docs/channels/using_channels/events/#triggering-client-events).
   * @default 10
   */
  readonly maxClientEventsPerSecond?: number;

  /**
   * Client events of all connections of one user in a minute. Each is delivered to everybody else on its channel, so
   * this limit also limits the cost of a user.
   * @default - a minute of `maxClientEventsPerSecond`: 600
   */
  readonly maxClientEventsPerMinutePerUser?: number;

  /**
   * Channels that one connection may have joined at the same time, 1,000 at most.
   * @default 100
   */
  readonly maxChannelsPerConnection?: number;

  /**
   * How often one connection may join presence channels in a minute. Up to a quarter more may pass; above that it gets
   * `pusher:subscription_error` 4301. Each join, and the leave before it, may be announced to all members of the
   * channel. Other channels announce nothing, so they have no such limit. Leaving is never rejected.
   * @default - `maxChannelsPerConnection`: 100
   */
  readonly maxPresenceJoinsPerMinute?: number;

  /**
   * How often all connections of one user together may join presence channels in a minute. If PHP names no user, the
   * limit is for a session.
   * @default - three times `maxPresenceJoinsPerMinute`: 300
   */
  readonly maxPresenceJoinsPerMinutePerUser?: number;

  /**
   * The throttle of the HTTP API that PHP calls, in requests per second. Publishing and queries share it. Each of the
   * three routes that close or rebind sockets has the same throttle for itself, so a flood of events does not block a
   * logout. All of them share the account's quota.
   * @default { rateLimit: 500, burstLimit: 250 }
   */
  readonly httpThrottle?: RateLimit;

  /**
   * The account's quota in this region, in requests per second to all of its APIs together: HTTP, REST, WebSocket and
   * posts to sockets. A broadcast posts at nine tenths of it. Some regions have less, and AWS raises it on request
   * (https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html).
   * @default { rateLimit: 10000, burstLimit: 5000 }
   */
  readonly accountRequestQuota?: RateLimit;

  /**
   * Creates the role with which API Gateway writes access logs. The role is set for the whole account and region, and
   * replaces one that is already set. It stays when the stack is deleted, because other APIs may rely on it by then.
   * Set `false` if the account already has a role.
   * @default true
   */
  readonly cloudWatchRole?: boolean;

  /**
   * How long logs are kept.
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays;

  /**
   * Writes Lambda's own log lines as JSON, from this level on. `WARN` drops the lines of successful invocations, a
   * third of the bytes that a rejected handshake logs. The dropped lines also had the figures on memory and cold
   * starts. According to Lambda's table the lines of failures stay; this has not been verified on AWS
   * (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html#monitoring-cloudwatchlogs-log-level-mapping).
   * @default - every line, as text
   */
  readonly systemLogLevel?: 'INFO' | 'WARN';
}
