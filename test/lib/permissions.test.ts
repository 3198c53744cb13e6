import { Duration } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import { type Deployment, deploy } from './deployment.ts';

const stage = 'arn:{AWS::Partition}:execute-api:{AWS::Region}:{AWS::AccountId}:{Sockets/Api}/live';
const toSockets = `${stage}/POST/@connections/*`;
const endSockets = `${stage}/DELETE/@connections/*`;

/** To remove a connection and its subscriptions, and to announce that to members. */
const leaving = [
  'dynamodb:DeleteItem on {Tables/Connections}',
  'dynamodb:DeleteItem on {Tables/Members}',
  'dynamodb:DeleteItem on {Tables/Owners}',
  'dynamodb:DeleteItem on {Tables/Subscriptions}',
  'dynamodb:GetItem on {Tables/Members}',
  'dynamodb:GetItem on {Tables/Subscriptions}',
  'dynamodb:Query on {Tables/Members}',
  'dynamodb:Query on {Tables/Subscriptions}',
  'dynamodb:UpdateItem on {Tables/Members}',
  `execute-api:ManageConnections on ${toSockets}`,
  'lambda:InvokeFunction on {Channels/Deliver/Function}',
];

/** All permissions of a function: everything else is AccessDenied. For a mode without tickets and repeated checks. */
const least = {
  Authorizer: [
    'logs:CreateLogStream on {Authorizer/Log}',
    'logs:PutLogEvents on {Authorizer/Log}',
    'secretsmanager:GetSecretValue on {Credentials}',
  ],
  Connect: [
    'dynamodb:DeleteItem on {Tables/Connections}',
    'dynamodb:DeleteItem on {Tables/Owners}',
    'dynamodb:GetItem on {Tables/Revocations}',
    'dynamodb:PutItem on {Tables/Claims}',
    'dynamodb:PutItem on {Tables/Connections}',
    'dynamodb:PutItem on {Tables/Owners}',
    'dynamodb:Query on {Tables/Connections}',
    'dynamodb:UpdateItem on {Tables/Claims}',
    'lambda:InvokeFunction on {Channels/Deliver/Function}',
    'lambda:InvokeFunction on {Revalidation/Revalidate/Function}',
    'logs:CreateLogStream on {Connect/Log}',
    'logs:PutLogEvents on {Connect/Log}',
  ],
  'Channels/Deliver': [
    ...leaving,
    'dynamodb:BatchGetItem on {Tables/Connections}',
    'dynamodb:GetItem on {Tables/Claims}',
    'dynamodb:GetItem on {Tables/Connections}',
    'dynamodb:PutItem on {Tables/Claims}',
    'dynamodb:UpdateItem on {Tables/Connections}',
    `execute-api:ManageConnections on ${endSockets}`,
    'logs:CreateLogStream on {Channels/Deliver/Log}',
    'logs:PutLogEvents on {Channels/Deliver/Log}',
  ].sort(),
  Disconnect: [...leaving, 'logs:CreateLogStream on {Disconnect/Log}', 'logs:PutLogEvents on {Disconnect/Log}'],
  Message: [
    ...leaving,
    'dynamodb:GetItem on {Tables/Connections}',
    'dynamodb:GetItem on {Tables/Revocations}',
    'dynamodb:PutItem on {Tables/Owners}',
    'dynamodb:PutItem on {Tables/Subscriptions}',
    'dynamodb:UpdateItem on {Tables/Claims}',
    'dynamodb:UpdateItem on {Tables/Connections}',
    `execute-api:ManageConnections on ${endSockets}`,
    'logs:CreateLogStream on {Message/Log}',
    'logs:PutLogEvents on {Message/Log}',
    'secretsmanager:GetSecretValue on {Credentials}',
  ].sort(),
  Publish: [
    'dynamodb:BatchGetItem on {Tables/Connections}',
    'dynamodb:GetItem on {Tables/Connections}',
    ...leaving,
    'dynamodb:DeleteItem on {Tables/Claims}',
    'dynamodb:GetItem on {Tables/Claims}',
    'dynamodb:PutItem on {Tables/Claims}',
    'dynamodb:Scan on {Tables/Subscriptions}',
    'dynamodb:GetItem on {Tables/Revocations}',
    'dynamodb:PutItem on {Tables/Revocations}',
    'dynamodb:PutItem on {Tables/Owners}',
    'dynamodb:Query on {Tables/Connections}',
    'dynamodb:Query on {Tables/Owners}',
    'dynamodb:UpdateItem on {Tables/Connections}',
    `execute-api:ManageConnections on ${endSockets}`,
    'logs:CreateLogStream on {Publish/Log}',
    'logs:PutLogEvents on {Publish/Log}',
    'secretsmanager:GetSecretValue on {Credentials}',
  ].sort(),
  'Revalidation/Revalidate': [
    ...leaving,
    'dynamodb:BatchGetItem on {Tables/Connections}',
    'dynamodb:DeleteItem on {Tables/Claims}',
    'dynamodb:GetItem on {Tables/Connections}',
    'dynamodb:GetItem on {Tables/Revocations}',
    'dynamodb:PutItem on {Tables/Claims}',
    'dynamodb:PutItem on {Tables/Owners}',
    'dynamodb:Scan on {Tables/Connections}',
    'dynamodb:UpdateItem on {Tables/Connections}',
    `execute-api:ManageConnections on ${endSockets}`,
    'logs:CreateLogStream on {Revalidation/Revalidate/Log}',
    'logs:PutLogEvents on {Revalidation/Revalidate/Log}',
  ].sort(),
};

const withHello = {
  ...least,
  Connect: [...least.Connect, 'lambda:InvokeFunction on {Hello/Tick/Function}'].sort(),
  'Hello/Tick': [
    'dynamodb:DeleteItem on {Tables/Claims}',
    'dynamodb:DeleteItem on {Tables/Connections}',
    'dynamodb:DeleteItem on {Tables/Owners}',
    'dynamodb:PutItem on {Tables/Claims}',
    'dynamodb:Scan on {Tables/Connections}',
    `execute-api:ManageConnections on ${toSockets}`,
    'logs:CreateLogStream on {Hello/Tick/Log}',
    'logs:PutLogEvents on {Hello/Tick/Log}',
  ],
};

/** With repeated session checks. */
const asking = {
  ...least,
  'Revalidation/Revalidate': [
    ...least['Revalidation/Revalidate'],
    'dynamodb:GetItem on {Tables/Claims}',
    'secretsmanager:GetSecretValue on {Credentials}',
  ].sort(),
};

describe.each([
  { name: 'nothing set', deployment: deploy(), table: asking },
  { name: 'tickets as sub-protocol', deployment: deploy({ tokenFrom: 'subprotocol' }), table: asking },
  { name: 'session ids', deployment: deploy({ mode: 'session-id' }), table: least },
  { name: 'session ids and hello', deployment: deploy({ mode: 'session-id', hello: true }), table: withHello },
  { name: 'cookies', deployment: deploy({ mode: 'cookie' }), table: least },
  {
    name: 'cookies and checks',
    deployment: deploy({ mode: 'cookie', revalidate: Duration.minutes(5) }),
    table: asking,
  },
])('with $name', ({ deployment, table }) => {
  it('has exactly these functions', () => {
    const paths = deployment.of('AWS::Lambda::Function').map(({ path }) => path.replace('/Function', ''));
    expect(paths.sort()).toEqual(Object.keys(table).sort());
  });

  it.each(Object.entries(table))('grants %s exactly these permissions', (path, permissions) => {
    expect(permissionsOf(deployment, path)).toEqual(permissions);
  });

  it('gives no role other permissions, except the role for the account’s access logs', () => {
    for (const { path, Properties } of deployment.of('AWS::IAM::Role')) {
      expect([path, Properties['Policies']]).toEqual([path, undefined]);
      const managed: string[] = (Properties['ManagedPolicyArns'] ?? []).map(deployment.read);
      const forLogs = 'arn:{AWS::Partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs';
      expect([path, managed]).toEqual([path, path === 'Sockets/LogRole' ? [forLogs] : []]);
    }
  });

  it('shares no policy, and uses none of AWS’s managed policies', () => {
    for (const { path, Properties } of deployment.of('AWS::IAM::Policy')) {
      expect(Properties['Roles'].map(deployment.read)).toEqual([
        `{${path.replace(/\/(Role\/DefaultPolicy|OnItself)$/, '/Role')}}`,
      ]);
    }
    const types = deployment.resources.map(({ Type }) => Type).filter((type) => /Policy$/.test(type));
    expect(new Set(types)).toEqual(new Set(['AWS::IAM::Policy']));
  });
});

/**
 * `action on resource`, sorted. Statements other than a plain Allow are printed in full, so that they match no table.
 */
function permissionsOf(deployment: Deployment, path: string): string[] {
  // A function that starts itself has a second one.
  const policies = deployment.of('AWS::IAM::Policy').filter((policy) => policy.path.startsWith(`${path}/`));
  const statements = policies.flatMap(({ Properties }) => Properties['PolicyDocument'].Statement);
  return statements
    .flatMap((statement: Record<string, unknown>) => {
      const { Action, Resource, Effect, ...others } = statement;
      if (Effect !== 'Allow' || Object.keys(others).length > 0) return [JSON.stringify(statement)];
      return [Action].flat().flatMap((action) => [Resource].flat().map((on) => `${action} on ${deployment.read(on)}`));
    })
    .sort();
}
