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
import type { RegistryEnvironment } from '../functions/edge/environment-variables.ts';
import { acknowledge } from './nag.ts';
import type { SocketFunction } from './socket-function.ts';

/** The tables behind open sockets. */
export interface SessionSocketTables {
  readonly connections: Table;
  /** Which connection has joined which channel. */
  readonly subscriptions: Table;
  /** The members of presence channels, with their connections. */
  readonly members: Table;
  /** Claims on things that may happen only once: a ticket opens one socket, one run says hello in a minute. */
  readonly claims: Table;
  /** The connections that a session or a user owns, beside those of its own principal. */
  readonly owners: Table;
  /** The sessions and users that were logged out. */
  readonly revocations: Table;
}

/** The tables. They are deleted with the stack. */
export class ConnectionTables extends Construct implements SessionSocketTables {
  readonly connections: Table;
  readonly subscriptions: Table;
  readonly members: Table;
  readonly claims: Table;
  readonly owners: Table;
  readonly revocations: Table;

  /** The environment variables with which a function finds connections. */
  get registry(): RegistryEnvironment {
    return { CONNECTIONS_TABLE: this.connections.tableName, OWNERS_TABLE: this.owners.tableName };
  }

  /** Allows a function the DynamoDB actions of these methods. */
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
    acknowledge(
      this,
      'AwsSolutions-DDB3',
      'Rows describe open sockets, and the sockets in a restored table would be closed by then.',
    );
  }
}
