import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import { calls } from '../functions/edge/dynamodb/permissions.ts';
import type { TickEnvironment } from '../functions/edge/environment.ts';
import type { ConnectionTables } from './connection-tables.ts';
import type { SocketApi } from './socket-api.ts';
import { type FunctionLogging, SocketFunction } from './socket-function.ts';

export interface HelloProps {
  readonly api: SocketApi;
  readonly tables: ConnectionTables;
  readonly logging: FunctionLogging;
}

/** The demo: `hello {hello: 'world'}` to everyone, each second. Every minute of the clock starts what has ended. */
export class Hello extends Construct {
  readonly tick: SocketFunction;

  constructor(scope: Construct, id: string, { api, tables, logging }: HelloProps) {
    super(scope, id);
    this.tick = new SocketFunction(this, 'Tick', {
      entry: 'tick',
      description: 'Says hello to everyone, every second',
      environment: {
        ...tables.registry,
        CLAIMS_TABLE: tables.claims.tableName,
        CALLBACK_URL: api.callbackUrl,
      } satisfies TickEnvironment,
      timeout: Duration.minutes(15),
      // It runs for as long as anybody is connected, and mostly waits.
      memorySize: 256,
      logging,
    });
    tables.allow(this.tick, calls.tick);
    api.allowPosts(this.tick);

    // A minute that failed is over: nothing is retried, the next minute starts afresh.
    const onlyNow = { maxEventAge: Duration.minutes(1), retryAttempts: 0 };
    this.tick.lambda.configureAsyncInvoke(onlyNow);
    // Not rate(1 minute), which counts from the rule's creation: a minute of the clock is what a run claims.
    const everyMinute = new Rule(this, 'EveryMinute', { schedule: Schedule.cron({ minute: '*' }) });
    everyMinute.addTarget(new LambdaTarget(this.tick.lambda, onlyNow));
  }
}
