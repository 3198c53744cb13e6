import type { Duration } from 'aws-cdk-lib';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { LimitChoice } from '../functions/core/connections/connection-limit.ts';
import type { SessionMode } from '../functions/core/handshake/session.ts';
import type { SessionCheck, TokenSource } from '../functions/core/handshake/way-in.ts';

/** By the token bucket of API Gateway (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html). */
export interface RateLimit {
  /** Requests in each second. */
  readonly rateLimit: number;
  /** Requests at once: how many tokens the bucket holds. */
  readonly burstLimit: number;
}

export interface SessionSocketProps {
  /**
   * The absolute https URL that answers whose session a cookie is, usually `https://app.example.com/getSessionID`; in mode
   * `status` any page that only a logged-in user gets. Redirects are not followed. Only loopback may be http.
   */
  readonly sessionEndpoint: string;

  /**
   * The origins of the pages that may connect, exactly as browsers send them: `https://app.example.com`, with a port only
   * where it is not the scheme's own; those of an app's web view too, such as `capacitor://localhost`. At least one.
   */
  readonly allowedOrigins: readonly string[];

  /**
   * How a token becomes a session. `ticket`: PHP seals a token for one handshake, and must answer the session id that is sealed
   * in it. `cookie`: the handshake's own cookies, for a socket on the site of the app. `session-id`: the token is the session id,
   * and PHP must answer 200 with the same one as a JSON string. `status`: the token is the session id, and PHP must answer 200; its
   * body is not read.
   * @default 'ticket'
   */
  readonly mode?: SessionMode;

  /**
   * Where the token is: `query` for `?token=`, `subprotocol` for `new WebSocket(url, ['session-socket', ticket])`, which
   * keeps tickets out of URLs, `cookie` in mode `cookie` and nowhere else.
   * @default 'query', and 'cookie' in mode 'cookie'
   */
  readonly tokenFrom?: TokenSource;

  /**
   * `always`: PHP is asked in every handshake. `trust-ticket`, in mode `ticket` only: who holds a ticket gets in without PHP
   * being asked again, so a logout within the ticket's 30 s is not seen.
   * @default 'always'
   */
  readonly sessionCheck?: SessionCheck;

  /**
   * The name of PHP's session cookie (`session_name()`), in the modes whose token is the session id.
   * @default 'PHPSESSID'
   */
  readonly cookieName?: string;

  /**
   * The cookies of the handshake that PHP is asked with, in mode `cookie`: names, where a `*` at the end stands for anything,
   * as in `wordpress_logged_in_*`. Others are never passed on.
   * @default ['PHPSESSID']
   */
  readonly cookies?: readonly string[];

  /**
   * How long PHP may take for its answer, 100 ms to 20 s, in all. A handshake that takes longer fails with 500.
   * @default Duration.millis(2500)
   */
  readonly sessionTimeout?: Duration;

  /**
   * Lets clients connect that send no `Origin`: anything but a browser. Never in mode `cookie`.
   * @default false
   */
  readonly allowMissingOrigin?: boolean;

  /**
   * How many sockets a user may have open at once, 1 to 1000; where PHP names no user, a session. A page that forgets to close
   * its sockets, or somebody who holds one login, could else open as many as the account's quotas let them. Where one
   * `userId` stands for many people, such as all guests, it has to be higher.
   * @default 100
   */
  readonly maxConnectionsPerUser?: number;

  /**
   * What happens to one more: it gets 403 (`refuse`), or it is let in and the user's oldest socket is closed with
   * `pusher:error` 4004, which tells a client to stay away (`oldest-out`).
   * @default 'refuse'
   */
  readonly atMaxConnections?: LimitChoice;

  /**
   * Handshakes of one user in a minute that PHP says yes to; where PHP names no user, of a session. Up to a quarter more may pass; above
   * that the handshake gets 403. Where one `userId` stands for many people it has to be higher.
   * @default - twice `maxConnectionsPerUser`: 200
   */
  readonly maxHandshakesPerMinutePerUser?: number;

  /**
   * How many session checks PHP is asked at the same time, at most: the reserved concurrency of the authorizer, less one for the
   * sessions that are asked about again (`revalidate`). It protects PHP
   * at the price of sockets: whoever comes above it is turned away by API Gateway and has to try again. About as many as PHP has
   * workers to spare. A new AWS account may have none to reserve: Lambda keeps a part of the account's concurrency for everybody
   * (https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html), and the deployment fails.
   * @default - as many as Lambda runs
   */
  readonly maxConcurrentSessionChecks?: number;

  /**
   * How often PHP is asked again about the session of an open socket, 1 minute to 2 hours; a socket whose session PHP does not
   * know any more is closed. `false`: never, and only an end that PHP named, and a logout, close sockets. Each check is a
   * request to `sessionEndpoint` with the session's cookie: where that route starts a session in the usual way
   * (`session_start()`), an open tab keeps its session alive for ever.
   * @default Duration.minutes(10) in mode 'ticket', whose PHP file never touches the session; false in the others
   */
  readonly revalidate?: Duration | false;

  /**
   * Sends `hello {hello: 'world'}` to everyone every second, for the demo. At API Gateway's $1 per million messages this
   * is about $2.60 a month for each open socket, and a Lambda runs for as long as anybody is connected.
   * @default false
   */
  readonly hello?: boolean;

  /**
   * Pusher's `app_id`, 1 to 64 letters, digits, - and _: a part of the HTTP API's paths. Digits are safest, because some of
   * Pusher's libraries take nothing else. A change of it, or of `key`, is a change of PHP's settings too: until PHP has the new one,
   * every handshake fails. Such a change never touches the secret.
   * @default - twelve digits that follow from the stack's name and the construct's path in the stack
   */
  readonly appId?: string;

  /**
   * Pusher's `key`, 1 to 32 letters, digits, - and _. It is public, and tickets name it as their `kid`.
   * @default - twenty hex digits that follow from the same
   */
  readonly key?: string;

  /**
   * The stage's default throttle, in requests per second. The account's quota of 10,000 is shared with the posts to
   * sockets, so the doors must not use it up
   * (https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html).
   * @default { rateLimit: 2000, burstLimit: 1000 }
   */
  readonly throttle?: RateLimit;

  /**
   * Frames of one connection in a minute, pings and client events too. Up to a quarter more may pass; above that a frame is answered
   * Pusher's error 4301, and the socket is closed when the client goes on to three times as many.
   * @default - 300 and a minute of `maxClientEventsPerSecond`: 900
   */
  readonly maxFramesPerMinute?: number;

  /**
   * Frames of all connections of one user in a minute; where PHP names no user, of a session. More are rejected in the same way.
   * Where one `userId` stands for many people it has to be higher.
   * @default - three times `maxFramesPerMinute`: 2,700
   */
  readonly maxFramesPerMinutePerUser?: number;

  /**
   * Client events of one connection in a second. Up to a quarter more may pass in any second; above that an event is rejected with 4301
   * (https://pusher.com/docs/channels/using_channels/events/#triggering-client-events).
   * @default 10
   */
  readonly maxClientEventsPerSecond?: number;

  /**
   * Client events of all connections of one user in a minute. Each is delivered to everybody else on its channel, so this is what
   * a user can cost.
   * @default - a minute of `maxClientEventsPerSecond`: 600
   */
  readonly maxClientEventsPerMinutePerUser?: number;

  /**
   * Channels that one connection has joined at once, 1,000 at most.
   * @default 100
   */
  readonly maxChannelsPerConnection?: number;

  /**
   * How often one connection may join presence channels in a minute. Up to a quarter more may pass; above that it gets
   * `pusher:subscription_error` 4301. Each join and the leave before it may be told to all members of the channel; other channels
   * tell nobody. Leaving is never rejected.
   * @default - `maxChannelsPerConnection`: 100
   */
  readonly maxPresenceJoinsPerMinute?: number;

  /**
   * The same of all connections of one user; where PHP names no user, of a session.
   * @default - three times `maxPresenceJoinsPerMinute`: 300
   */
  readonly maxPresenceJoinsPerMinutePerUser?: number;

  /**
   * The throttle of the HTTP API that PHP calls, in requests per second. Publishing and asking share it; each of the three routes that
   * close or rebind sockets has as much again for itself, so that a flood of events does not block a logout. All share the account's
   * quota.
   * @default { rateLimit: 500, burstLimit: 250 }
   */
  readonly httpThrottle?: RateLimit;

  /**
   * What AWS lets this account do in this region, in requests per second to all of its APIs together: HTTP, REST, WebSocket and
   * posts to sockets. A broadcast posts at nine tenths of it. Smaller in some regions, and raised on request
   * (https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html).
   * @default { rateLimit: 10000, burstLimit: 5000 }
   */
  readonly accountRequestQuota?: RateLimit;

  /**
   * Creates the role by which API Gateway writes access logs, sets it for the whole account and region in place of one
   * that is set there, and keeps it when the stack goes, because other APIs may have come to rely on it. False where the
   * account has one.
   * @default true
   */
  readonly cloudWatchRole?: boolean;

  /**
   * How long logs are kept.
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays;

  /**
   * Lambda's own lines as JSON, from this level on. `WARN` leaves out those of invocations that went well, a third of what a rejected
   * handshake writes, and with them the memory and the cold starts that they tell. Nobody has verified on AWS which lines are left; Lambda's
   * table says that those of failures are
   * (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html#monitoring-cloudwatchlogs-log-level-mapping).
   * @default - text, every line
   */
  readonly systemLogLevel?: 'INFO' | 'WARN';
}
