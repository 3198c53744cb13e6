import { expect, it } from 'vitest';
import { readPolicy } from '../../../local/iam/policy.ts';
import { createUsage, describePermissions } from '../../../local/iam/usage.ts';

const table = 'arn:aws:dynamodb:us-east-1:123456789012:table/rows';
const sockets = 'arn:aws:execute-api:us-east-1:123456789012:abcdef1234/live/POST/@connections/';

function createWorkerUsage() {
  const Statement = [
    { Effect: 'Allow', Action: ['dynamodb:PutItem', 'dynamodb:DeleteItem'], Resource: table },
    { Effect: 'Allow', Action: 'dynamodb:Get*', Resource: [table, `${table}/index/*`] },
    { Effect: 'Allow', Action: 'execute-api:ManageConnections', Resource: `${sockets}*` },
    { Effect: 'Allow', Action: ['logs:CreateLogStream', 'logs:PutLogEvents'], Resource: '*' },
    { Effect: 'Deny', Action: 'dynamodb:*', Resource: '*' },
    { Effect: 'Allow', NotAction: 'iam:*', Resource: '*' },
  ];
  return createUsage('Worker', 'WorkerRole', readPolicy({ Statement }, 'Worker'));
}

it('usage lists used, denied and unused permissions of a function separately', () => {
  const usage = createWorkerUsage();
  usage.record({ action: 'execute-api:ManageConnections', resource: `${sockets}one=` }, 'allow');
  usage.record({ action: 'execute-api:ManageConnections', resource: `${sockets}other=` }, 'allow');
  usage.record({ action: 'dynamodb:PutItem', resource: table }, 'allow');
  usage.record({ action: 'dynamodb:PutItem', resource: table }, 'allow');
  usage.record({ action: 'dynamodb:GetItem', resource: table }, 'allow');
  usage.record({ action: 'dynamodb:Scan', resource: table }, 'no matching allow');
  usage.record({ action: 'dynamodb:DeleteItem', resource: table }, 'explicit deny');
  expect(usage.report()).toEqual({
    function: 'Worker',
    role: 'WorkerRole',
    used: [
      { action: 'dynamodb:GetItem', resource: table },
      { action: 'dynamodb:PutItem', resource: table },
      { action: 'execute-api:ManageConnections', resource: `${sockets}{connectionId}` },
    ],
    denied: [
      { action: 'dynamodb:DeleteItem', resource: table },
      { action: 'dynamodb:Scan', resource: table },
    ],
    unused: [
      { action: 'dynamodb:DeleteItem', resource: table },
      { action: 'dynamodb:Get*', resource: `${table}/index/*` },
    ],
    unseen: [
      { action: 'logs:CreateLogStream', resource: '*' },
      { action: 'logs:PutLogEvents', resource: '*' },
    ],
  });
});

it('denials of invented names do not fill the memory', () => {
  const usage = createWorkerUsage();
  for (let index = 0; index < 2000; index += 1) {
    usage.record({ action: 'dynamodb:PutItem', resource: `${table}-${index}` }, 'no matching allow');
  }
  expect(usage.report().denied).toHaveLength(1000);
});

it('the description lists permissions per function, without the common ARN prefix', () => {
  const usage = createWorkerUsage();
  usage.record({ action: 'dynamodb:PutItem', resource: table }, 'allow');
  usage.record({ action: 'dynamodb:Scan', resource: table }, 'explicit deny');
  const nothing = createUsage('Message', 'MessageRole', []);
  expect(describePermissions([usage.report(), nothing.report()])).toBe(`Worker
  used      dynamodb:PutItem on table/rows
  DENIED    dynamodb:Scan on table/rows
  not used  dynamodb:DeleteItem on table/rows
  not used  dynamodb:Get* on table/rows
  not used  dynamodb:Get* on table/rows/index/*
  not used  execute-api:ManageConnections on abcdef1234/live/POST/@connections/*
  not seen  logs:CreateLogStream, logs:PutLogEvents

Message
  no permissions`);
});
