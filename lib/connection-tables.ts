import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { actionsByTable, type Method } from '../functions/edge/dynamodb/permissions.ts';
import {
  claimsTable,
  connectionsTable,
  membersTable,
  ownersTable,
  revocationsTable,
  subscriptionsTable,
} from '../functions/edge/dynamodb/tables.ts';
import type { RegistryEnvironment } from '../functions/edge/environment.ts';
import { acknowledge } from './acknowledge.ts';
import type { SocketFunction } from './socket-function.ts';
import { alarmOnTableThrottles } from './throttle-alarms.ts';

/** What is known while sockets are open; nothing in it outlives the stack. */
export class ConnectionTables extends Construct {
  readonly connections: Table;
  /** Which connection has joined which channel. */
  readonly subscriptions: Table;
  /** Who is present on presence channels, by which connections. */
  readonly members: Table;
  /** What may happen only once: a ticket opens one socket, a minute of hello is said by one. */
  readonly claims: Table;
  /** Which connections a session or a user owns beside those of its own principal. */
  readonly owners: Table;
  /** Which sessions and users were logged out. */
  readonly revocations: Table;

  /** Where a function finds connections. */
  get registry(): RegistryEnvironment {
    return { CONNECTIONS_TABLE: this.connections.tableName, OWNERS_TABLE: this.owners.tableName };
  }

  /** Allows a function what these methods of the rows ask of DynamoDB. */
  allow(user: SocketFunction, methods: readonly Method[]): void {
    for (const [table, actions] of actionsByTable(methods)) {
      for (const action of actions) user.allow(`dynamodb:${action}`, this[table].tableArn);
    }
  }

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const { STRING } = AttributeType;
    const volatile = { billingMode: BillingMode.PAY_PER_REQUEST, removalPolicy: RemovalPolicy.DESTROY };

    this.connections = new Table(this, 'Connections', {
      ...volatile,
      partitionKey: { name: connectionsTable.partitionKey, type: STRING },
      sortKey: { name: connectionsTable.sortKey, type: STRING },
      timeToLiveAttribute: connectionsTable.ttl,
    });
    this.subscriptions = new Table(this, 'Subscriptions', {
      ...volatile,
      partitionKey: { name: subscriptionsTable.partitionKey, type: STRING },
      sortKey: { name: subscriptionsTable.sortKey, type: STRING },
      timeToLiveAttribute: subscriptionsTable.ttl,
    });
    this.members = new Table(this, 'Members', {
      ...volatile,
      partitionKey: { name: membersTable.partitionKey, type: STRING },
      sortKey: { name: membersTable.sortKey, type: STRING },
      timeToLiveAttribute: membersTable.ttl,
    });
    this.owners = new Table(this, 'Owners', {
      ...volatile,
      partitionKey: { name: ownersTable.partitionKey, type: STRING },
      sortKey: { name: ownersTable.sortKey, type: STRING },
      timeToLiveAttribute: ownersTable.ttl,
    });
    this.claims = new Table(this, 'Claims', {
      ...volatile,
      partitionKey: { name: claimsTable.partitionKey, type: STRING },
      timeToLiveAttribute: claimsTable.ttl,
    });
    this.revocations = new Table(this, 'Revocations', {
      ...volatile,
      partitionKey: { name: revocationsTable.partitionKey, type: STRING },
      timeToLiveAttribute: revocationsTable.ttl,
    });
    for (const child of this.node.children) if (child instanceof Table) alarmOnTableThrottles(child);
    acknowledge(
      this,
      'AwsSolutions-DDB3',
      'Rows are about open sockets, and none is open any more of those that a restored table would speak of.',
    );
  }
}
