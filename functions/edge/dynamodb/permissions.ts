import type { Members } from '../../core/channels/members.ts';
import type { Subscriptions } from '../../core/channels/subscriptions.ts';
import type { Claims } from '../../core/connections/claims.ts';
import type { ConnectionRegistry } from '../../core/connections/connection-registry.ts';
import type { Counters } from '../../core/connections/meter.ts';
import type { Revocations } from '../../core/connections/revocations.ts';
import type { Idempotency } from '../../core/http-api/idempotency.ts';
import type { GuardMemory } from '../../core/sessions/guard-memory.ts';
import type { LiveSessions } from '../../core/sessions/live-sessions.ts';

interface Ports {
  readonly registry: ConnectionRegistry;
  readonly live: LiveSessions;
  readonly subscriptions: Subscriptions;
  readonly members: Members;
  readonly claims: Claims;
  readonly counters: Counters;
  readonly idempotency: Idempotency;
  readonly guard: GuardMemory;
  readonly revocations: Revocations;
}

/** A port and its method, such as `registry.add`. Each port has the same name in all functions. */
export type Method = { [Port in keyof Ports]: `${Port}.${keyof Ports[Port] & string}` }[keyof Ports];

export type TableName = 'connections' | 'owners' | 'subscriptions' | 'members' | 'claims' | 'revocations';

/** Without the prefix `dynamodb:`. */
export type Action = 'GetItem' | 'BatchGetItem' | 'PutItem' | 'UpdateItem' | 'DeleteItem' | 'Query' | 'Scan';

/** The actions that IAM must allow for each method. A transaction needs the actions in it. */
export const permissions: Readonly<Record<Method, readonly `${TableName} ${Action}`[]>> = {
  'registry.add': ['connections PutItem', 'owners PutItem'],
  'registry.holds': ['connections GetItem'],
  'registry.maySend': ['connections GetItem'],
  'registry.whyRevoked': ['connections GetItem'],
  'registry.join': ['connections UpdateItem', 'connections GetItem', 'owners PutItem'],
  'registry.leaveChannel': ['connections UpdateItem'],
  'registry.signIn': ['connections UpdateItem', 'connections GetItem'],
  'registry.signedInAs': ['connections GetItem'],
  'registry.markWelcomed': ['connections UpdateItem'],
  'registry.revoke': ['connections UpdateItem'],
  'registry.revokeTogether': ['connections UpdateItem', 'connections BatchGetItem'],
  'registry.leave': ['connections DeleteItem', 'owners DeleteItem'],
  'registry.ofUser': ['connections Query', 'owners Query'],
  'registry.ofSession': ['connections Query', 'owners Query'],
  'registry.own': ['connections GetItem', 'connections UpdateItem', 'owners PutItem'],
  'registry.openOf': ['connections Query'],
  'registry.everyone': ['connections Scan'],
  'live.due': ['connections Scan'],
  'live.find': ['connections GetItem'],
  'live.prolong': ['connections UpdateItem'],
  'live.rebind': ['connections UpdateItem', 'connections GetItem', 'owners PutItem', 'owners DeleteItem'],
  'subscriptions.add': ['subscriptions PutItem', 'subscriptions GetItem'],
  'subscriptions.find': ['subscriptions GetItem'],
  'subscriptions.remove': ['subscriptions DeleteItem'],
  'subscriptions.page': ['subscriptions Query'],
  'subscriptions.last': ['subscriptions Query'],
  'subscriptions.count': ['subscriptions Query'],
  'subscriptions.occupied': ['subscriptions Scan'],
  'members.join': ['members UpdateItem'],
  'members.leave': ['members UpdateItem', 'members DeleteItem'],
  'members.of': ['members Query'],
  'members.find': ['members GetItem'],
  'claims.claim': ['claims PutItem'],
  'claims.holds': ['claims GetItem'],
  'claims.release': ['claims DeleteItem'],
  'counters.add': ['claims UpdateItem'],
  'idempotency.begin': ['claims PutItem', 'claims GetItem'],
  'idempotency.finish': ['claims PutItem'],
  'idempotency.abandon': ['claims DeleteItem'],
  'guard.read': ['claims GetItem'],
  'guard.write': ['claims PutItem'],
  'guard.release': ['claims PutItem'],
  'guard.isReleased': ['claims GetItem'],
  'revocations.add': ['revocations PutItem'],
  'revocations.isRevokedSince': ['revocations GetItem'],
};

/** The methods that each function calls. A function that removes connections also calls `leaving`. */
export const calls = {
  connect: [
    'registry.add',
    'registry.leave',
    'registry.openOf',
    'revocations.isRevokedSince',
    'claims.claim',
    'counters.add',
  ],
  message: [
    'registry.holds',
    'registry.maySend',
    'registry.join',
    'registry.leaveChannel',
    'registry.signIn',
    'registry.signedInAs',
    'subscriptions.add',
    'revocations.isRevokedSince',
    'counters.add',
  ],
  deliver: [
    'registry.holds',
    'registry.whyRevoked',
    'registry.markWelcomed',
    'registry.revoke',
    'registry.revokeTogether',
    'claims.claim',
    'claims.holds',
  ],
  'http-api': [
    'revocations.add',
    'revocations.isRevokedSince',
    'registry.revoke',
    'registry.revokeTogether',
    'claims.claim',
    'idempotency.begin',
    'idempotency.finish',
    'idempotency.abandon',
    'registry.ofUser',
    'registry.ofSession',
    'live.find',
    'live.rebind',
    'subscriptions.occupied',
    'subscriptions.count',
  ],
  revalidate: [
    'live.due',
    'live.find',
    'registry.revoke',
    'registry.revokeTogether',
    'registry.own',
    'revocations.isRevokedSince',
    'claims.claim',
    'claims.release',
  ],
  tick: ['registry.everyone', 'registry.leave', 'claims.claim', 'claims.release'],
} satisfies Readonly<Record<string, readonly Method[]>>;

/** The methods that `revalidate` also calls if PHP is asked again. */
export const askingAgain: readonly Method[] = [
  'live.prolong',
  'guard.read',
  'guard.write',
  'guard.release',
  'guard.isReleased',
];

/** The methods that remove a connection and announce that on its channels. `disconnect` calls no others. */
export const leaving: readonly Method[] = [
  'registry.leave',
  'subscriptions.find',
  'subscriptions.remove',
  'subscriptions.page',
  'subscriptions.last',
  'members.join',
  'members.leave',
  'members.of',
  'members.find',
];

/** The actions of these methods, table by table. */
export function actionsByTable(methods: readonly Method[]): ReadonlyMap<TableName, ReadonlySet<Action>> {
  const tables = new Map<TableName, Set<Action>>();
  for (const permission of methods.flatMap((method) => permissions[method])) {
    const [table, action] = permission.split(' ') as [TableName, Action];
    tables.set(table, (tables.get(table) ?? new Set()).add(action));
  }
  return tables;
}
