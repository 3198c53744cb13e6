import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import { askingAgain, calls } from '../functions/edge/dynamodb/permissions.ts';
import type {
  PhpEnvironment,
  RevalidateEnvironment,
  RevalidationEnvironment,
  TickEnvironment,
} from '../functions/edge/environment-variables.ts';
import type { Channels } from './channels.ts';
import type { ConnectionTables } from './connection-tables.ts';
import type { SocketApi } from './socket-api.ts';
import { type FunctionLogging, SocketFunction } from './socket-function.ts';

/** The same in every function that reads it. */
export function writeRevalidation(interval: Duration | undefined): RevalidationEnvironment {
  return interval === undefined ? {} : { REVALIDATE_SECONDS: String(interval.toSeconds()) };
}

export interface RevalidationProps {
  readonly tables: ConnectionTables;
  readonly channels: Channels;
  readonly api: SocketApi;
  readonly logging: FunctionLogging;
  /** How to ask PHP again about sessions, and after how long; undefined without repeated checks. */
  readonly asking: { readonly php: PhpEnvironment; readonly interval: Duration; readonly atOnce: number } | undefined;
}

/** Closes the sockets whose session has ended, every minute. */
export class Revalidation extends Construct {
  readonly revalidate: SocketFunction;

  constructor(scope: Construct, id: string, { tables, channels, api, logging, asking }: RevalidationProps) {
    super(scope, id);
    this.revalidate = new SocketFunction(this, 'Revalidate', {
      entry: 'revalidate',
      description: 'Closes sockets whose session has ended',
      environment: {
        ...channels.environment,
        CLAIMS_TABLE: tables.claims.tableName,
        REVOCATIONS_TABLE: tables.revocations.tableName,
        ...asking?.php,
        ...writeRevalidation(asking?.interval),
        ...(asking === undefined ? {} : { CHECKS_AT_ONCE: String(asking.atOnce) }),
      } satisfies RevalidateEnvironment,
      // More than a run works, and then waits for sessions that are about to end.
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
    channels.allowLeaving(revalidate);
    api.allowCloses(revalidate);
    invokeEveryMinute(this, revalidate);
  }
}

export interface HelloProps {
  readonly tables: ConnectionTables;
  readonly api: SocketApi;
  readonly logging: FunctionLogging;
}

/** The demo: `hello {hello: 'world'}` to everyone, each second. A schedule starts the function again every minute. */
export class Hello extends Construct {
  readonly tick: SocketFunction;

  constructor(scope: Construct, id: string, { tables, api, logging }: HelloProps) {
    super(scope, id);
    this.tick = new SocketFunction(this, 'Tick', {
      entry: 'tick',
      description: 'Says hello to everyone, every second',
      environment: {
        ...tables.registry,
        CLAIMS_TABLE: tables.claims.tableName,
        CALLBACK_URL: api.stage.callbackUrl,
      } satisfies TickEnvironment,
      timeout: Duration.minutes(15),
      // It runs while anybody is connected, and mostly waits.
      memorySize: 256,
      logging,
    });
    tables.allow(this.tick, calls.tick);
    api.allowPosts(this.tick);
    invokeEveryMinute(this, this.tick);
  }
}

/** Runs a function every minute. A failed run is not retried, because the next minute starts another. */
function invokeEveryMinute(scope: Construct, { lambda }: SocketFunction): void {
  const onlyNow = { maxEventAge: Duration.minutes(1), retryAttempts: 0 };
  lambda.configureAsyncInvoke(onlyNow);
  // Not rate(1 minute), which counts from the rule's creation: a run claims a minute of the clock.
  const everyMinute = new Rule(scope, 'EveryMinute', { schedule: Schedule.cron({ minute: '*' }) });
  everyMinute.addTarget(new LambdaTarget(lambda, onlyNow));
}
