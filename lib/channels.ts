import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { calls, leaving } from '../functions/edge/dynamodb/permissions.ts';
import type { ChannelsEnvironment, DeliverEnvironment } from '../functions/edge/environment-variables.ts';
import type { ConnectionTables } from './connection-tables.ts';
import type { RateLimit } from './session-socket-props.ts';
import type { SocketApi } from './socket-api.ts';
import { type FunctionLogging, SocketFunction } from './socket-function.ts';

export interface ChannelsProps {
  readonly api: SocketApi;
  readonly tables: ConnectionTables;
  /** The account's quota of API requests. */
  readonly accountRequestQuota: RateLimit;
  readonly logging: FunctionLogging;
}

/**
 * The environment and permissions of functions that broadcast or end connections, and `deliver`, which posts to many
 * sockets.
 */
export class Channels extends Construct {
  readonly deliver: SocketFunction;
  readonly environment: ChannelsEnvironment;
  readonly #api: SocketApi;
  readonly #tables: ConnectionTables;

  constructor(scope: Construct, id: string, { api, tables, accountRequestQuota, logging }: ChannelsProps) {
    super(scope, id);
    this.#api = api;
    this.#tables = tables;
    const own = {
      ...tables.registry,
      SUBSCRIPTIONS_TABLE: tables.subscriptions.tableName,
      MEMBERS_TABLE: tables.members.tableName,
      CALLBACK_URL: api.stage.callbackUrl,
      // Nine tenths: the rest is for handshakes, frames and publishing in the meantime. A throttled post is retried.
      POST_RATE: String(Math.floor(accountRequestQuota.rateLimit * 0.9)),
      // A quarter: the first workers start cold and post late, while the bucket is full and does not grow. With the
      // whole burst they would later spend tokens that no longer exist.
      POST_BURST: String(Math.floor(accountRequestQuota.burstLimit / 4)),
    };
    this.deliver = new SocketFunction(this, 'Deliver', {
      entry: 'deliver',
      description: 'Posts the welcome and broadcasts, and closes sockets above the limit',
      environment: { ...own, CLAIMS_TABLE: tables.claims.tableName } satisfies DeliverEnvironment,
      // The last worker of a chain posts to all remaining subscribers, at a 64th of the rate.
      timeout: Duration.minutes(15),
      // One whole CPU (https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html): a worker only signs and
      // sends, and with less CPU it would not keep the rate.
      memorySize: 1769,
      logging,
    });
    this.environment = { ...own, DELIVER_FUNCTION: this.deliver.lambda.functionName };

    tables.allow(this.deliver, calls.deliver);
    this.#allowAllButStarting(this.deliver);
    this.deliver.allowOnItself('lambda:InvokeFunction');
    api.allowCloses(this.deliver);
    // Long enough for a worker that died in its last second: Lambda retries it one and two minutes later.
    this.deliver.lambda.configureAsyncInvoke({ maxEventAge: Duration.hours(1), retryAttempts: 2 });
  }

  /** Allows a function to remove a connection, and to announce that to all members of its channels. */
  allowLeaving(leaver: SocketFunction): void {
    this.#allowAllButStarting(leaver);
    leaver.allow('lambda:InvokeFunction', this.deliver.lambda.functionArn);
  }

  #allowAllButStarting(leaver: SocketFunction): void {
    this.#tables.allow(leaver, leaving);
    this.#api.allowPosts(leaver);
  }
}
