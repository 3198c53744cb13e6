import { Agent, request } from 'node:http';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type DynamoDbOptions, type LocalDynamoDb, startDynamoDb } from '../../../local/dynamodb/server.ts';
import { createFaults } from '../../../local/faults.ts';
import type { Gate } from '../../../local/iam/gate.ts';
import type { Need } from '../../../local/iam/needs.ts';
import { resolveStack } from '../../../local/template/stack.ts';

const running: LocalDynamoDb[] = [];
afterEach(async () => {
  for (const each of running.splice(0)) await each.close();
});

async function start(options: DynamoDbOptions = {}, properties: object = {}): Promise<LocalDynamoDb> {
  const Table = {
    Type: 'AWS::DynamoDB::Table',
    Properties: {
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
      ...properties,
    },
  };
  const assembly = { stackName: 'Chat', template: { Resources: { Table } }, assetFolder: () => undefined };
  const dynamodb = await startDynamoDb(resolveStack(assembly, 'us-east-1'), options);
  running.push(dynamodb);
  return dynamodb;
}

interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string | Buffer;
  /** @default a connection of its own */
  readonly agent?: Agent;
}

interface Received {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

const signed = {
  'Content-Type': 'application/x-amz-json-1.0',
  'X-Amz-Date': '20261123T000000Z',
  Authorization:
    'AWS4-HMAC-SHA256 Credential=local/20261123/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=local',
};

function send({ endpoint }: LocalDynamoDb, sent: Sent): Promise<Received> {
  const { method = 'POST', headers = {}, body = '', agent = false } = sent;
  const known = Object.entries({ ...signed, ...headers }).filter(([, value]) => value !== undefined);
  return new Promise((resolve, reject) => {
    const options = { method, headers: Object.fromEntries(known) as Record<string, string>, agent };
    const outgoing = request(endpoint, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode, headers: response.headers, body: text });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const target = (operation: string) => ({ 'X-Amz-Target': `DynamoDB_20120810.${operation}` });

function call(dynamodb: LocalDynamoDb, operation: string, input: object): Promise<Received> {
  return send(dynamodb, { headers: target(operation), body: JSON.stringify(input) });
}

const put = (dynamodb: LocalDynamoDb, pk: string) =>
  call(dynamodb, 'PutItem', { TableName: dynamodb.tables['Table'], Item: { pk: { S: pk } } });

// dynalite's own close also closes its store. A running write then threw in a callback of the store, which ended the whole
// process.
it('the database can be closed during writes', async () => {
  for (let round = 0; round < 5; round += 1) {
    const dynamodb = await start();
    const outcome = (pk: string) =>
      put(dynamodb, pk).then(
        ({ status }) => status,
        ({ code }: NodeJS.ErrnoException) => code,
      );
    const first = outcome('first');
    const writes = Array.from({ length: 50 }, (_, index) => outcome(String(index)));
    expect(await first).toBe(200);
    await dynamodb.close();
    for (const each of await Promise.all(writes)) expect([200, 'ECONNRESET', 'ECONNREFUSED']).toContain(each);
  }
});

describe('an answer', () => {
  it('has an id, its length and the checksum that some clients verify', async () => {
    const answer = await call(await start(), 'ListTables', {});
    expect(answer.body).toBe('{"TableNames":["Chat-Table"]}');
    expect(answer.headers).toMatchObject({
      'content-type': 'application/x-amz-json-1.0',
      'content-length': String(answer.body.length),
      'x-amz-crc32': String(crc32(answer.body)),
      'x-amzn-requestid': expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  it.each<[what: string, sent: Sent, status: number, type: string]>([
    ['no JSON', { headers: target('PutItem'), body: '{' }, 400, 'SerializationException'],
    ['no body', { headers: target('PutItem') }, 400, 'SerializationException'],
    ['no object', { headers: target('PutItem'), body: '[]' }, 400, 'SerializationException'],
    ['no target', { body: '{}' }, 400, 'UnknownOperationException'],
    [
      'a strange target',
      { headers: { 'X-Amz-Target': 'Other.PutItem' }, body: '{}' },
      400,
      'UnknownOperationException',
    ],
    [
      'a name that every JavaScript object has',
      { headers: target('constructor'), body: '{}' },
      400,
      'UnknownOperationException',
    ],
    ['PartiQL', { headers: target('ExecuteStatement'), body: '{}' }, 400, 'UnknownOperationException'],
    [
      'streams',
      { headers: { 'X-Amz-Target': 'DynamoDBStreams_20120810.ListStreams' }, body: '{}' },
      400,
      'UnknownOperationException',
    ],
    [
      'no signature',
      { headers: { ...target('ListTables'), Authorization: undefined }, body: '{}' },
      400,
      'MissingAuthenticationTokenException',
    ],
  ])('to a request with %s is an error in the format of DynamoDB', async (_, sent, status, type) => {
    const answer = await send(await start(), sent);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body).__type).toBe(`com.amazon.coral.service#${type}`);
  });

  it('to a request outside the API is the health answer or a 404', async () => {
    const dynamodb = await start();
    expect(await send(dynamodb, { method: 'GET' })).toMatchObject({
      status: 200,
      body: 'healthy: dynamodb.us-east-1.amazonaws.com ',
    });
    const unknown = { status: 404, body: '<UnknownOperationException/>\n' };
    expect(await send(dynamodb, { method: 'PUT', body: '{}' })).toMatchObject(unknown);
    expect(await send(dynamodb, { headers: { 'Content-Type': 'text/plain' }, body: '{}' })).toMatchObject(unknown);
  });

  it('to more than 16 MB is 413', async () => {
    const dynamodb = await start();
    const sent = send(dynamodb, { headers: target('PutItem'), body: Buffer.alloc(17 * 1024 * 1024, 'x') });
    // A client that is still writing may get a connection error instead.
    expect(['ECONNRESET', 'EPIPE', 413]).toContain(
      await sent.then(
        ({ status }) => status,
        ({ code }) => code,
      ),
    );
    expect((await put(dynamodb, 'next')).status).toBe(200);
  });
});

describe('the gate', () => {
  it('checks the needed permissions and the signed request before the call runs', async () => {
    const asked: unknown[] = [];
    const gate: Gate = {
      check(service, { method, url, headers, body }, needs) {
        asked.push({ service, method, url, key: headers['authorization'], body: body.toString(), needs });
        return { status: 400, errorType: 'AccessDeniedException', message: 'no' };
      },
    };
    const needs: Need[] = [{ action: 'dynamodb:PutItem', resource: 'arn:of:table' }];
    const dynamodb = await start({ gate, needsOf: () => needs });
    const answer = await put(dynamodb, 'a');
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toEqual({
      __type: 'com.amazon.coral.service#AccessDeniedException',
      Message: 'no',
    });
    expect(asked).toEqual([
      {
        service: 'dynamodb',
        method: 'POST',
        url: '/',
        key: signed.Authorization,
        body: '{"TableName":"Chat-Table","Item":{"pk":{"S":"a"}}}',
        needs,
      },
    ]);
    expect(await dynamodb.scan('Chat-Table', 1)).toEqual([]);
  });

  it('gets the operation and its input', async () => {
    const seen: unknown[] = [];
    const gate: Gate = { check: () => undefined };
    const dynamodb = await start({
      gate,
      needsOf(operation, input) {
        seen.push([operation, structuredClone(input)]);
        return [];
      },
    });
    expect((await put(dynamodb, 'a')).status).toBe(200);
    expect(seen).toEqual([['PutItem', { TableName: 'Chat-Table', Item: { pk: { S: 'a' } } }]]);
  });
});

describe('a fault', () => {
  it('applies before the call runs, and not to reads of the inspector', async () => {
    const faults = createFaults(1);
    const dynamodb = await start({ faults });
    faults.inject({ kind: 'fail', service: 'dynamodb', times: 1 });
    expect(await dynamodb.scan('Chat-Table', 1)).toEqual([]);
    const failed = await put(dynamodb, 'a');
    expect(failed.status).toBe(500);
    expect(JSON.parse(failed.body).__type).toBe('com.amazonaws.dynamodb.v20120810#InternalServerError');
    expect(await dynamodb.scan('Chat-Table', 1)).toEqual([]);
    expect((await put(dynamodb, 'a')).status).toBe(200);
  });

  it.each([
    ['PAY_PER_REQUEST', 'GetItem', 'com.amazon.coral.availability#ThrottlingException'],
    ['PROVISIONED', 'GetItem', 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException'],
    ['PROVISIONED', 'DescribeTable', 'com.amazon.coral.availability#ThrottlingException'],
  ])('of throttling has its own error for a table with %s on %s', async (BillingMode, operation, type) => {
    const faults = createFaults(1);
    const throughput = { ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 } };
    const dynamodb = await start({ faults }, { BillingMode, ...(BillingMode === 'PROVISIONED' ? throughput : {}) });
    faults.inject({ kind: 'throttle', service: 'dynamodb' });
    const answer = await call(dynamodb, operation, { TableName: 'Chat-Table', Key: { pk: { S: 'a' } } });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body).__type).toBe(type);
  });
});

it('a table that dynalite rejects fails the start with its logical id', async () => {
  await expect(start({}, { KeySchema: [{ AttributeName: 'other', KeyType: 'HASH' }] })).rejects.toThrow(
    /^Table: the table could not be created: .*ValidationException/,
  );
});

describe('random input', () => {
  /** For hundreds of calls on a busy machine. */
  const timeoutMs = 30_000;
  const agent = new Agent({ keepAlive: true });
  afterAll(() => agent.destroy());

  const operations = [
    ...['BatchGetItem', 'BatchWriteItem', 'CreateTable', 'DeleteItem', 'DescribeTable', 'GetItem', 'ListTables'],
    ...['PutItem', 'Query', 'Scan', 'TagResource', 'UntagResource', 'ListTagsOfResource', 'UpdateItem', 'UpdateTable'],
    ...['TransactWriteItems', 'TransactGetItems', 'UpdateTimeToLive', 'DescribeTimeToLive', 'ExecuteStatement'],
  ];
  const words = [
    ...['TableName', 'Key', 'Item', 'RequestItems', 'Keys', 'TransactItems', 'Put', 'Get', 'Update', 'Delete'],
    ...['ConditionCheck', 'PutRequest', 'DeleteRequest', 'ConditionExpression', 'UpdateExpression', 'FilterExpression'],
    ...['KeyConditionExpression', 'ProjectionExpression', 'ExpressionAttributeNames', 'ExpressionAttributeValues'],
    ...['AttributeUpdates', 'Expected', 'Action', 'Value', 'AttributeValueList', 'ComparisonOperator', 'IndexName'],
    ...['ExclusiveStartKey', 'Limit', 'Segment', 'TotalSegments', 'Select', 'ReturnValues', 'pk', 'owner', ':a', '#a'],
    ...[
      'S',
      'N',
      'B',
      'SS',
      'NS',
      'BS',
      'L',
      'M',
      'BOOL',
      'NULL',
      'KeySchema',
      'AttributeDefinitions',
      'AttributeName',
    ],
    ...['AttributeType', 'KeyType', 'GlobalSecondaryIndexUpdates', 'Create', 'TimeToLiveSpecification', 'Enabled'],
    ...['ReturnValuesOnConditionCheckFailure', 'ClientRequestToken', 'constructor', '__proto__', 'hasOwnProperty'],
  ];
  const texts = [
    ...['Chat-Table', 'byOwner', 'pk', 'owner', '', 'a', '1', '-1e400', 'NaN', '#a = :a', 'pk = :a', 'SET #a = :a'],
    ...['SET owner = owner', 'REMOVE pk', 'ADD #a :a', 'attribute_exists(pk)', 'size(#a) > :a', 'begins_with(#a, :a)'],
    ...['contains(:a, :a)', '#a IN (:a)', 'ALL_OLD', 'HASH', 'RANGE', 'S', 'EQ', 'PUT', 'ADD', '__proto__', 'AAE='],
  ];
  const leaf = fc.oneof(
    fc.constantFrom(...texts),
    fc.string(),
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.constantFrom(
      { S: 'Chat' },
      { N: '1' },
      { N: 'x' },
      { S: '' },
      { SS: [] },
      { L: [{}] },
      { M: { a: {} } },
      { B: 'AAE=' },
    ),
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.constantFrom(...words), tie('value'), { maxKeys: 5 }),
    ),
  }));
  const index = {
    AttributeDefinitions: [
      { AttributeName: 'pk', AttributeType: 'S' },
      { AttributeName: 'owner', AttributeType: 'S' },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'byOwner',
        KeySchema: [{ AttributeName: 'owner', KeyType: 'HASH' }],
        Projection: { ProjectionType: 'ALL' },
      },
    ],
  };
  const attribute = fc.oneof(leaf, value);
  const likely = fc.record(
    {
      TableName: fc.constant('Chat-Table'),
      IndexName: fc.constantFrom('byOwner', 'none'),
      Key: fc.record({ pk: fc.oneof(fc.constant({ S: 'a' }), attribute) }),
      Item: fc.record({ pk: fc.oneof(fc.constant({ S: 'a' }), attribute), owner: attribute }, { requiredKeys: ['pk'] }),
      ExclusiveStartKey: fc.record({ pk: attribute, owner: attribute }, { requiredKeys: [] }),
      UpdateExpression: fc.constantFrom(...texts),
      ConditionExpression: fc.constantFrom(...texts),
      FilterExpression: fc.constantFrom(...texts),
      KeyConditionExpression: fc.constantFrom(...texts),
      ProjectionExpression: fc.constantFrom(...texts),
      ExpressionAttributeNames: fc.oneof(fc.constantFrom({ '#a': 'pk' }, { '#a': 'owner' }, { '#a': 'x' }), value),
      ExpressionAttributeValues: fc.record({ ':a': attribute }),
      AttributeUpdates: fc.dictionary(fc.constantFrom('a', 'owner'), value, { maxKeys: 2 }),
      Expected: fc.dictionary(fc.constantFrom('a', 'owner'), value, { maxKeys: 2 }),
      Limit: fc.oneof(fc.integer(), value),
      ReturnValuesOnConditionCheckFailure: fc.constantFrom('ALL_OLD', 'NONE', 'x'),
      ReturnConsumedCapacity: fc.constantFrom('TOTAL', 'INDEXES'),
    },
    { requiredKeys: ['TableName'] },
  );
  const element = fc.dictionary(fc.constantFrom('Put', 'Update', 'Delete', 'ConditionCheck', 'Get'), likely, {
    maxKeys: 2,
  });
  const input = fc.oneof(
    likely,
    value,
    fc.record({ TransactItems: fc.array(element, { maxLength: 4 }) }),
    fc.record({
      RequestItems: fc.record({
        'Chat-Table': fc.oneof(
          fc.array(fc.dictionary(fc.constantFrom('PutRequest', 'DeleteRequest'), likely, { maxKeys: 2 }), {
            maxLength: 3,
          }),
          fc.record({ Keys: fc.array(fc.record({ pk: attribute })) }),
          value,
        ),
      }),
    }),
  );

  async function isAnsweredInOrder(dynamodb: LocalDynamoDb, sent: Sent): Promise<void> {
    const answer = await send(dynamodb, { ...sent, agent });
    if (answer.status === 200) return;
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body).__type).toMatch(/^com\.amazon[\w.]+#\w+Exception$/);
  }

  it(
    'of any shape gets a result or an error as DynamoDB writes it',
    async () => {
      const dynamodb = await start({}, index);
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...operations), input, (operation, body) =>
          isAnsweredInOrder(dynamodb, { headers: target(operation), body: JSON.stringify(body) }),
        ),
        { numRuns: 500 },
      );
      expect((await put(dynamodb, 'still there')).status).toBe(200);
    },
    timeoutMs,
  );

  const text = fc.constantFrom('', 'a', 'b', '1', 'é', 'AAE=');
  const number = fc.constantFrom('0', '1', '-1.5', '1e125', '99999999999999999999999999999999999999');
  const { typed } = fc.letrec((tie) => ({
    typed: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.record({ S: text }),
      fc.record({ N: number }),
      fc.constantFrom({ B: 'AAE=' }, { B: '' }, { BOOL: true }, { NULL: true }, { BS: ['AAE='] }),
      fc.record({ SS: fc.uniqueArray(text, { minLength: 1 }) }),
      fc.record({ NS: fc.uniqueArray(number, { minLength: 1 }) }),
      fc.record({ L: fc.array(tie('typed'), { maxLength: 3 }) }),
      fc.record({ M: fc.dictionary(fc.constantFrom('x', 'y'), tie('typed'), { maxKeys: 2 }) }),
    ),
  }));
  const condition = fc.constantFrom(
    ...[
      'size(#a) > :a',
      'begins_with(#a, :a)',
      'contains(#a, :a)',
      '#a BETWEEN :a AND :a',
      '#a IN (:a, #a)',
      '#a >= :a',
    ],
    ...['attribute_type(#a, :a)', '#a.x[0] = :a', 'NOT #a[1] <> :a', 'attribute_not_exists(#a) OR #a < :a'],
  );
  const change = fc.constantFrom(
    ...[
      'SET #a = :a',
      'SET #a.x = :a',
      'SET #a[7] = :a',
      'SET #a = list_append(#a, :a)',
      'SET #a = #a + :a',
      'ADD #a :a',
    ],
    ...['SET #a = if_not_exists(x, :a)', 'DELETE #a :a', 'REMOVE #a.x SET z = :a', 'REMOVE #a[0] SET z = :a - #a'],
  );
  const common = {
    TableName: fc.constant('Chat-Table'),
    ExpressionAttributeNames: fc.constantFrom({ '#a': 'x' }, { '#a': 'y' }, { '#a': 'owner' }, { '#a': 'pk' }),
    ExpressionAttributeValues: fc.record({ ':a': typed }),
    ReturnValuesOnConditionCheckFailure: fc.constantFrom('ALL_OLD', 'NONE'),
    ReturnConsumedCapacity: fc.constantFrom('INDEXES', 'NONE'),
  };
  const pk = fc.constantFrom({ S: 'a' }, { S: 'b' });
  const Key = fc.record({ pk });
  const owner = fc.oneof({ weight: 3, arbitrary: fc.constant({ S: 'o' }) }, typed);
  const Item = fc.record({ pk, x: typed, y: typed, owner }, { requiredKeys: ['pk'] });
  const puts = fc.record({ ...common, Item, ConditionExpression: condition });
  const bare = fc.record({ TableName: common.TableName, Item });
  const updates = fc.record({ ...common, Key, UpdateExpression: change }, { noNullPrototype: true });
  const deletes = fc.record({ ...common, Key, ConditionExpression: condition });
  const sound = fc.oneof(
    fc.tuple(fc.constant('PutItem'), fc.oneof(puts, bare)),
    fc.tuple(fc.constant('UpdateItem'), updates),
    fc.tuple(fc.constant('DeleteItem'), deletes),
    fc.tuple(
      fc.constantFrom('Scan', 'Query'),
      fc.record({
        ...common,
        IndexName: fc.constantFrom('byOwner', undefined),
        FilterExpression: condition,
        KeyConditionExpression: fc.constantFrom('owner = :a', 'pk = :a', undefined),
        Limit: fc.constantFrom(1, 2, undefined),
      }),
    ),
    fc.tuple(
      fc.constant('UpdateItem'),
      fc.record({
        TableName: common.TableName,
        Key,
        AttributeUpdates: fc.dictionary(
          fc.constantFrom('x', 'y', 'owner'),
          fc.record({ Action: fc.constantFrom('PUT', 'ADD', 'DELETE'), Value: typed }),
        ),
        Expected: fc.dictionary(
          fc.constantFrom('x', 'y'),
          fc.record({
            ComparisonOperator: fc.constantFrom('EQ', 'GT', 'CONTAINS', 'BEGINS_WITH', 'IN'),
            AttributeValueList: fc.tuple(typed),
          }),
          { maxKeys: 1 },
        ),
      }),
    ),
    fc.tuple(
      fc.constant('TransactWriteItems'),
      fc.record({
        TransactItems: fc.array(
          fc.oneof(
            fc.record({ Put: fc.oneof(puts, bare) }),
            fc.record({ Update: updates }),
            fc.record({ Delete: deletes }),
            fc.record({ ConditionCheck: deletes }),
          ),
          { minLength: 1, maxLength: 2 },
        ),
      }),
    ),
  );

  it(
    'in the shape of the API gets a result or an error as DynamoDB writes it',
    async () => {
      const dynamodb = await start({}, index);
      await fc.assert(
        fc.asyncProperty(sound, ([operation, body]) =>
          isAnsweredInOrder(dynamodb, { headers: target(operation), body: JSON.stringify(body) }),
        ),
        { numRuns: 500 },
      );
      expect((await put(dynamodb, 'a')).status).toBe(200);
    },
    timeoutMs,
  );

  it(
    'of bytes and headers gets an error, and the next call its result',
    async () => {
      const dynamodb = await start();
      const header = fc.stringMatching(/^[\x21-\x7e]{0,40}$/);
      const headers = fc.record(
        { 'X-Amz-Target': header, Authorization: header, 'Content-Type': fc.constant('application/json') },
        { requiredKeys: ['Content-Type'] },
      );
      await fc.assert(
        fc.asyncProperty(headers, fc.uint8Array({ maxLength: 200 }), (some, bytes) =>
          isAnsweredInOrder(dynamodb, { headers: { Authorization: undefined, ...some }, body: Buffer.from(bytes) }),
        ),
        { numRuns: 200 },
      );
      expect((await put(dynamodb, 'next')).status).toBe(200);
    },
    timeoutMs,
  );
});
