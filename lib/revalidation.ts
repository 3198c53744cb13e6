import { Duration } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import type { SessionMode } from '../functions/core/handshake/handshake-options.ts';
import { askingAgain, calls } from '../functions/edge/dynamodb/permissions.ts';
import type {
  ChannelsEnvironment,
  PhpEnvironment,
  RevalidateEnvironment,
  RevalidationEnvironment,
} from '../functions/edge/environment.ts';
import { alarmOnErrors, alarmOnLateChecks } from './alarms.ts';
import type { ConnectionTables } from './connection-tables.ts';
import { type FunctionLogging, SocketFunction } from './socket-function.ts';

/** Undefined where PHP is asked in the handshake only, which is the default unless our own file answers for PHP. */
export function settleRevalidate(mode: SessionMode, revalidate: Duration | false | undefined): Duration | undefined {
  if (revalidate !== undefined) return revalidate === false ? undefined : revalidate;
  return mode === 'ticket' ? Duration.minutes(10) : undefined;
}

/** Questions to PHP at the same time when nothing was said: what a small one has to spare beside its pages. */
const usuallyAtOnce = 4;

/**
 * `maxConcurrentSessionChecks` is for handshakes and for sockets that are open together: where sessions are asked about again, one of
 * them is for that.
 */
export function shareChecks(max: number | undefined, interval: Duration | undefined) {
  if (max === undefined) return { handshakes: undefined, again: usuallyAtOnce };
  return { handshakes: interval === undefined ? max : max - 1, again: 1 };
}

/** The same for every function that has to know of it. */
export function writeRevalidation(interval: Duration | undefined): RevalidationEnvironment {
  return interval === undefined ? {} : { REVALIDATE_SECONDS: String(interval.toSeconds()) };
}

export interface RevalidationProps {
  readonly tables: ConnectionTables;
  /** Of the metric that is counted for the alarm on late checks. */
  readonly metricNamespace: string;
  readonly logging: FunctionLogging;
  readonly channels: ChannelsEnvironment;
  /** How PHP is asked again, and after how long; undefined where it is not. */
  readonly asking: { readonly php: PhpEnvironment; readonly interval: Duration; readonly atOnce: number } | undefined;
}

/** Every minute of the clock: closes the sockets whose session is over. */
export class Revalidation extends Construct {
  /** In alarm when too many users were logged out to be believed, PHP has not answered for three minutes, or sockets could not be closed. */
  readonly alarm: Alarm;
  /** It has yet to be allowed to end connections. */
  readonly revalidate: SocketFunction;

  constructor(scope: Construct, id: string, { tables, logging, channels, asking, metricNamespace }: RevalidationProps) {
    super(scope, id);
    this.revalidate = new SocketFunction(this, 'Revalidate', {
      entry: 'revalidate',
      description: 'Closes sockets whose session is over',
      environment: {
        ...channels,
        CLAIMS_TABLE: tables.claims.tableName,
        REVOCATIONS_TABLE: tables.revocations.tableName,
        ...asking?.php,
        ...writeRevalidation(asking?.interval),
        ...(asking === undefined ? {} : { CHECKS_AT_ONCE: String(asking.atOnce) }),
      } satisfies RevalidateEnvironment,
      // Above the time for which it works and then waits for sessions that end.
      timeout: Duration.seconds(100),
      memorySize: 512,
      logging,
    });
    const { revalidate } = this;
    tables.allow(revalidate, calls.revalidate);
    if (asking !== undefined) {
      tables.allow(revalidate, askingAgain);
      revalidate.allow('secretsmanager:GetSecretValue', asking.php.CREDENTIALS_SECRET_ARN);
    }

    // A minute that failed is over: nothing is retried, the next minute starts afresh.
    const onlyNow = { maxEventAge: Duration.minutes(1), retryAttempts: 0 };
    revalidate.lambda.configureAsyncInvoke(onlyNow);
    const everyMinute = new Rule(this, 'EveryMinute', { schedule: Schedule.cron({ minute: '*' }) });
    everyMinute.addTarget(new LambdaTarget(revalidate.lambda, onlyNow));
    this.alarm = alarmOnErrors(
      revalidate,
      'More than half of the users were logged out, so no socket is closed for that; or PHP has not answered for three minutes; or sockets could not be closed. The log of Revalidate says which. docs/operations.md: RevalidateAlarm.',
    );
    if (asking !== undefined) alarmOnLateChecks(revalidate, metricNamespace);
  }
}
