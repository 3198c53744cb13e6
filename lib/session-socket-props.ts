import type { Duration } from 'aws-cdk-lib';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { SessionMode } from '../functions/core/session.ts';

export interface SessionSocketProps {
  /**
   * The absolute https URL that answers whose session a cookie is, usually `https://app.example.com/getSessionID`; in mode
   * `status` any page that only a logged-in user gets. Redirects are not followed. Only loopback may be http.
   */
  readonly sessionEndpoint: string;

  /**
   * The origins of the pages that may connect, exactly as browsers send them: `https://app.example.com`, with a port only
   * where it is not the scheme's own. At least one.
   */
  readonly allowedOrigins: readonly string[];

  /**
   * How a token becomes a session. `session-id`: PHP must answer 200 with the same id as a JSON string. `status`: PHP must
   * answer 200; its body is not read.
   * @default 'session-id'
   */
  readonly mode?: SessionMode;

  /**
   * The name of PHP's session cookie (`session_name()`).
   * @default 'PHPSESSID'
   */
  readonly cookieName?: string;

  /**
   * How long PHP may take for its answer, 100 ms to 20 s, in all. A handshake that takes longer fails with 500.
   * @default Duration.millis(2500)
   */
  readonly sessionTimeout?: Duration;

  /**
   * Lets clients connect that send no `Origin`: anything but a browser.
   * @default false
   */
  readonly allowMissingOrigin?: boolean;

  /**
   * Sends `hello {hello: 'world'}` to everyone every second, for the demo. At API Gateway's $1 per million messages this
   * is about $2.60 a month for each open socket, and a Lambda runs for as long as anybody is connected.
   * @default false
   */
  readonly hello?: boolean;

  /**
   * The stage's default throttle, in requests per second. The account's quota of 10,000 is shared with the posts to
   * sockets, so the doors must not use it up
   * (https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html).
   * @default { rateLimit: 2000, burstLimit: 1000 }
   */
  readonly throttle?: { readonly rateLimit: number; readonly burstLimit: number };

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
}
