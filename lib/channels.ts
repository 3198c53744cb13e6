import { Duration } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { calls, leaving } from '../functions/edge/dynamodb/permissions.ts';
import type { ChannelsEnvironment, DeliverEnvironment } from '../functions/edge/environment.ts';
import { alarmOnLosses } from './alarms.ts';
import type { ConnectionTables } from './connection-tables.ts';
import type { RateLimit } from './session-socket-props.ts';
import type { SocketApi } from './socket-api.ts';
import { type FunctionLogging, SocketFunction } from './socket-function.ts';

export interface ChannelsProps {
  readonly api: SocketApi;
  readonly tables: ConnectionTables;
  /** What AWS lets this account ask for in a second, and at once. */
  readonly accountRequestQuota: RateLimit;
  /** Of the metric that is counted for the alarm. */
  readonly metricNamespace: string;
  readonly logging: FunctionLogging;
}

/** What every function has that speaks on channels or ends connections, and the one that posts to many for all of them. */
export class Channels extends Construct {
  readonly deliver: SocketFunction;
  /** In alarm when a broadcast to many did not reach somebody who was there. */
  readonly alarm: Alarm;
  readonly environment: ChannelsEnvironment;
  readonly #api: SocketApi;
  readonly #tables: ConnectionTables;

  constructor(scope: Construct, id: string, { api, tables, accountRequestQuota, ...props }: ChannelsProps) {
    super(scope, id);
    this.#api = api;
    this.#tables = tables;
    const own = {
      ...tables.registry,
      SUBSCRIPTIONS_TABLE: tables.subscriptions.tableName,
      MEMBERS_TABLE: tables.members.tableName,
      CALLBACK_URL: api.callbackUrl,
      // Nine tenths: what is left is for those who connect, speak and publish meanwhile, and a post that is refused for
      // their sake is tried again.
      POST_RATE: String(Math.floor(accountRequestQuota.rateLimit * 0.9)),
      // A quarter: the first workers start cold and use it late, and the bucket does not grow while it is full. With all of it they
      // would catch up later with what is not there any more.
      POST_BURST: String(Math.floor(accountRequestQuota.burstLimit / 4)),
    };
    this.deliver = new SocketFunction(this, 'Deliver', {
      entry: 'deliver',
      description: 'Posts the welcome and broadcasts to many, and closes sockets that are too many',
      environment: { ...own, CLAIMS_TABLE: tables.claims.tableName } satisfies DeliverEnvironment,
      // A worker at the end of its line posts to all that is left, at a 64th of the rate.
      timeout: Duration.minutes(15),
      // One whole CPU (https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html): signing and sending is all
      // that a worker does, and with less it would not keep the pace.
      memorySize: 1769,
      logging: props.logging,
    });
    this.environment = { ...own, DELIVER_FUNCTION: this.deliver.lambda.functionName };
    this.alarm = alarmOnLosses(this.deliver, props.metricNamespace);

    tables.allow(this.deliver, calls.deliver);
    this.#allowAllButStarting(this.deliver);
    this.deliver.allowOnItself('lambda:InvokeFunction');
    api.allowCloses(this.deliver);
    // Long enough for a worker's second and third try, one and two minutes after it died in its last second.
    this.deliver.lambda.configureAsyncInvoke({ maxEventAge: Duration.hours(1), retryAttempts: 2 });
  }

  /** Allows to forget a connection, and to tell those who see it leave, however many. */
  allowLeaving(leaver: SocketFunction): void {
    this.#allowAllButStarting(leaver);
    leaver.allow('lambda:InvokeFunction', this.deliver.lambda.functionArn);
  }

  #allowAllButStarting(leaver: SocketFunction): void {
    this.#tables.allow(leaver, leaving);
    this.#api.allowPosts(leaver);
  }
}
