/** One step of a script that both engines run, in order. */
export interface Step {
  /** Unique. It identifies a difference. */
  readonly name: string;
  readonly operation: string;
  readonly input: object;
}

const TableName = 'script';
const s = (text: string) => ({ S: text });
const n = (number: number | string) => ({ N: String(number) });
const key = (id: string, at = 1) => ({ id: s(id), at: n(at) });
const put = (id: string, more: object = {}, options: object = {}, at = 1) => ({
  TableName,
  Item: { ...key(id, at), ...more },
  ...options,
});
const get = (id: string, at = 1) => ({ TableName, Key: key(id, at), ConsistentRead: true });
const update = (id: string, UpdateExpression: string, options: object = {}) => ({
  TableName,
  Key: key(id),
  UpdateExpression,
  ...options,
});
const values = (all: object) => ({ ExpressionAttributeValues: all });
const names = (all: object) => ({ ExpressionAttributeNames: all });
const isNew = { ConditionExpression: 'attribute_not_exists(id)' };
const showsItem = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' };
const attributes = [
  { AttributeName: 'id', AttributeType: 'S' },
  { AttributeName: 'at', AttributeType: 'N' },
  { AttributeName: 'owner', AttributeType: 'S' },
  { AttributeName: 'rank', AttributeType: 'N' },
];
const table = {
  TableName,
  AttributeDefinitions: attributes,
  KeySchema: [
    { AttributeName: 'id', KeyType: 'HASH' },
    { AttributeName: 'at', KeyType: 'RANGE' },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'byOwner',
      KeySchema: [
        { AttributeName: 'owner', KeyType: 'HASH' },
        { AttributeName: 'rank', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'ALL' },
    },
  ],
  LocalSecondaryIndexes: [
    {
      IndexName: 'byRank',
      KeySchema: [
        { AttributeName: 'id', KeyType: 'HASH' },
        { AttributeName: 'rank', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'KEYS_ONLY' },
    },
  ],
  BillingMode: 'PAY_PER_REQUEST',
};
const plainTable = (name: string, more: object = {}) => ({
  TableName: name,
  AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
  KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  BillingMode: 'PAY_PER_REQUEST',
  ...more,
});
const index = (IndexName: string, AttributeName: string) => ({
  IndexName,
  KeySchema: [{ AttributeName, KeyType: 'HASH' }],
  Projection: { ProjectionType: 'ALL' },
});
const transaction = (...TransactItems: object[]) => ({ TransactItems });
const timeToLive = (AttributeName: string, Enabled = true) => ({
  TableName,
  TimeToLiveSpecification: { AttributeName, Enabled },
});

const groups: Readonly<Record<string, readonly (readonly [what: string, operation: string, input: object])[]>> = {
  tables: [
    ['create', 'CreateTable', table],
    ['create again', 'CreateTable', table],
    ['list', 'ListTables', {}],
    ['create with an unused attribute', 'CreateTable', { ...plainTable('unused'), AttributeDefinitions: attributes }],
    [
      'create with a stream',
      'CreateTable',
      plainTable('streamed', { StreamSpecification: { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' } }),
    ],
    ['create protected', 'CreateTable', plainTable('protected', { DeletionProtectionEnabled: true })],
    ['delete protected', 'DeleteTable', { TableName: 'protected' }],
    ['describe', 'DescribeTable', { TableName }],
    ['describe none', 'DescribeTable', { TableName: 'none' }],
    ['create plain', 'CreateTable', plainTable('plain')],
    ['put into plain', 'PutItem', { TableName: 'plain', Item: { id: s('a'), color: s('red') } }],
    ['put into plain, without a color', 'PutItem', { TableName: 'plain', Item: { id: s('b') } }],
    [
      'add an index',
      'UpdateTable',
      {
        TableName: 'plain',
        AttributeDefinitions: [
          { AttributeName: 'id', AttributeType: 'S' },
          { AttributeName: 'color', AttributeType: 'S' },
        ],
        GlobalSecondaryIndexUpdates: [{ Create: index('byColor', 'color') }],
      },
    ],
    [
      'query the index added',
      'Query',
      {
        TableName: 'plain',
        IndexName: 'byColor',
        KeyConditionExpression: 'color = :c',
        ...values({ ':c': s('red') }),
      },
    ],
    [
      'take the index away',
      'UpdateTable',
      { TableName: 'plain', GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: 'byColor' } }] },
    ],
    [
      'query the index taken away',
      'Query',
      {
        TableName: 'plain',
        IndexName: 'byColor',
        KeyConditionExpression: 'color = :c',
        ...values({ ':c': s('red') }),
      },
    ],
    [
      'take an index away that never was',
      'UpdateTable',
      { TableName: 'plain', GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: 'never' } }] },
    ],
    ['delete', 'DeleteTable', { TableName: 'plain' }],
  ],
  put: [
    ['an item', 'PutItem', put('a', { owner: s('u1'), rank: n(1) }, isNew)],
    ['an item that is there', 'PutItem', put('a', {}, isNew)],
    ['an item that is there, and see it', 'PutItem', put('a', {}, { ...isNew, ...showsItem })],
    [
      'when a set is compared',
      'PutItem',
      put('no', {}, { ConditionExpression: 'a > :a', ...values({ ':a': { SS: ['a'] } }) }),
    ],
    [
      'when something is compared with itself',
      'PutItem',
      put('no', {}, { ConditionExpression: 'a IN (:a, a)', ...values({ ':a': s('a') }) }),
    ],
    [
      'when a path leads into a key',
      'PutItem',
      put('no', {}, { ConditionExpression: 'id.x = :a', ...values({ ':a': s('a') }) }),
    ],
    [
      'an item that is not there, and see nothing',
      'PutItem',
      put('no', {}, { ConditionExpression: 'attribute_exists(id)', ...showsItem }),
    ],
    ['and see the old one', 'PutItem', put('a', { owner: s('u1'), rank: n(2) }, { ReturnValues: 'ALL_OLD' })],
    ['and count capacity', 'PutItem', put('cap', { owner: s('u'), rank: n(1) }, { ReturnConsumedCapacity: 'INDEXES' })],
    ['without a key', 'PutItem', { TableName, Item: { id: s('a') } }],
    ['an empty key', 'PutItem', put('')],
    ['an empty key of a global index', 'PutItem', put('e', { owner: s(''), rank: n(1) })],
    ['an empty attribute', 'PutItem', put('e', { text: s('') })],
    ['an empty set', 'PutItem', put('e', { set: { SS: [] } })],
    ['a set with a member twice', 'PutItem', put('e', { set: { SS: ['a', 'a'] } })],
    ['a wrong type of index key', 'PutItem', put('e', { owner: n(1) })],
    ['38 digits', 'PutItem', put('digits', { number: n('1234567890123456789012345678901234567.8') })],
    ['39 digits', 'PutItem', put('digits', { number: n('1234567890123456789012345678901234567.89') })],
    ['too much', 'PutItem', put('big', { text: s('x'.repeat(410 * 1024)) })],
    ['into no table', 'PutItem', { ...put('a'), TableName: 'none' }],
    ['two types at once', 'PutItem', put('a', { bad: { S: 'a', N: '1' } })],
  ],
  get: [
    ['an item', 'GetItem', get('a')],
    ['nothing', 'GetItem', get('nothing')],
    ['a part', 'GetItem', { ...get('a'), ProjectionExpression: '#o', ...names({ '#o': 'owner' }) }],
    ['a reserved word', 'GetItem', { ...get('a'), ProjectionExpression: 'owner' }],
    ['digits', 'GetItem', get('digits')],
    ['a wrong key', 'GetItem', { TableName, Key: { id: s('a') } }],
    ['a wrong type', 'GetItem', { TableName, Key: { id: n(1), at: n(1) } }],
    ['a batch', 'BatchGetItem', { RequestItems: { [TableName]: { Keys: [key('a'), key('digits'), key('nothing')] } } }],
    ['a batch with one twice', 'BatchGetItem', { RequestItems: { [TableName]: { Keys: [key('a'), key('a')] } } }],
  ],
  update: [
    [
      'what is not there',
      'UpdateItem',
      update('u', 'SET a = :a, m = :m', {
        ...values({ ':a': n(1), ':m': { M: { x: n(1), l: { L: [s('a')] } } } }),
        ReturnValues: 'ALL_NEW',
      }),
    ],
    [
      'a new attribute, and see what it was',
      'UpdateItem',
      update('u', 'SET b = :b', { ...values({ ':b': n(1) }), ReturnValues: 'UPDATED_OLD' }),
    ],
    [
      'a sum and a nested path',
      'UpdateItem',
      update('u', 'SET a = a + :one, m.x = m.x - :one, m.l[0] = :z', {
        ...values({ ':one': n(1), ':z': s('z') }),
        ReturnValues: 'UPDATED_NEW',
      }),
    ],
    [
      'a list and a default',
      'UpdateItem',
      update('u', 'SET m.l = list_append(m.l, :l), c = if_not_exists(c, :c)', {
        ...values({ ':l': { L: [s('b')] }, ':c': n(7) }),
        ReturnValues: 'ALL_NEW',
      }),
    ],
    [
      'a set',
      'UpdateItem',
      update('u', 'ADD tags :t, a :a REMOVE b', {
        ...values({ ':t': { SS: ['x', 'y'] }, ':a': n(5) }),
        ReturnValues: 'ALL_NEW',
      }),
    ],
    [
      'a set, and see the old one',
      'UpdateItem',
      update('u', 'DELETE tags :t', { ...values({ ':t': { SS: ['x'] } }), ReturnValues: 'ALL_OLD' }),
    ],
    ['a set to nothing', 'UpdateItem', update('u', 'DELETE tags :t', values({ ':t': { SS: ['y'] } }))],
    ['and look', 'GetItem', get('u')],
    [
      'when a condition is not met',
      'UpdateItem',
      update('u', 'SET a = :a', {
        ...values({ ':a': n(1), ':x': n(99) }),
        ConditionExpression: 'a = :x',
        ...showsItem,
      }),
    ],
    [
      'when a condition is met',
      'UpdateItem',
      update('u', 'SET a = :a', {
        ...values({ ':a': n(1), ':l': n(1), ':h': n(99), ':s': n(2), ':t': s('M'), ':p': s('z') }),
        ConditionExpression:
          'a BETWEEN :l AND :h AND size(m.l) = :s AND attribute_type(m, :t) AND begins_with(m.l[0], :p) AND ' +
          'NOT contains(m.l, :t) AND (a IN (:l, :h) OR a <> :l)',
      }),
    ],
    ['the key', 'UpdateItem', update('u', 'SET #a = :a', { ...names({ '#a': 'at' }), ...values({ ':a': n(2) }) })],
    ['overlapping paths', 'UpdateItem', update('u', 'SET m.x = :a, m = :a', values({ ':a': n(2) }))],
    ['with an unused value', 'UpdateItem', update('u', 'SET a = :a', values({ ':a': n(1), ':b': n(1) }))],
    ['with a wrong type', 'UpdateItem', update('u', 'ADD m :a', values({ ':a': n(1) }))],
    ['with a missing attribute', 'UpdateItem', update('u', 'SET z = nothing + :a', values({ ':a': n(1) }))],
    ['with a bad path', 'UpdateItem', update('u', 'SET nothing.x = :a', values({ ':a': n(1) }))],
    ['with nonsense', 'UpdateItem', update('u', 'SOT a = :a', values({ ':a': n(1) }))],
    [
      'an index key to nothing',
      'UpdateItem',
      update('u', 'SET #o = :o, #r = :r', {
        ...names({ '#o': 'owner', '#r': 'rank' }),
        ...values({ ':o': s(''), ':r': n(1) }),
      }),
    ],
    ['an attribute to nothing', 'UpdateItem', update('u', 'SET blank = :o', values({ ':o': s('') }))],
    ['an index key to an empty attribute', 'UpdateItem', update('u', 'SET #o = blank', names({ '#o': 'owner' }))],
    ['and look again', 'GetItem', get('u')],
    [
      'an index key',
      'UpdateItem',
      update('u', 'SET #o = :o, #r = :r', {
        ...names({ '#o': 'owner', '#r': 'rank' }),
        ...values({ ':o': s('u1'), ':r': n(9) }),
      }),
    ],
    [
      'in the old way',
      'UpdateItem',
      {
        TableName,
        Key: key('old'),
        AttributeUpdates: { a: { Action: 'ADD', Value: n(3) } },
        Expected: { a: { Exists: false } },
        ReturnValues: 'ALL_NEW',
      },
    ],
    ['before conditions of old', 'PutItem', put('typed', { m: { M: {} }, l: { L: [] }, b: { BOOL: true }, t: s('a') })],
    ...(['EQ', 'NE', 'LE', 'GT', 'CONTAINS', 'NOT_CONTAINS', 'BEGINS_WITH', 'IN'] as const).flatMap((operator) =>
      [{ M: {} }, { L: [] }, { BOOL: true }, { NULL: true }, { SS: ['a'] }, n(1)].map(
        (value) =>
          [
            `expected ${operator} ${Object.keys(value)[0]}`,
            'UpdateItem',
            {
              TableName,
              Key: key('typed'),
              Expected: { m: { ComparisonOperator: operator, AttributeValueList: [value] } },
            },
          ] as const,
      ),
    ),
  ],
  query: [
    ...[1, 2, 3, 4, 5].map(
      (at) =>
        [
          `put ${at}`,
          'PutItem',
          put('q', { owner: s('q'), rank: n(10 - at), even: { BOOL: at % 2 === 0 } }, {}, at),
        ] as const,
    ),
    ['all', 'Query', { TableName, KeyConditionExpression: 'id = :i', ...values({ ':i': s('q') }) }],
    [
      'backwards, in pages',
      'Query',
      { TableName, KeyConditionExpression: 'id = :i', ...values({ ':i': s('q') }), ScanIndexForward: false, Limit: 2 },
    ],
    [
      'from a start, between, filtered',
      'Query',
      {
        TableName,
        KeyConditionExpression: 'id = :i AND #a BETWEEN :l AND :h',
        FilterExpression: 'even = :e',
        ExclusiveStartKey: key('q', 1),
        ...names({ '#a': 'at' }),
        ...values({ ':i': s('q'), ':l': n(1), ':h': n(4), ':e': { BOOL: true } }),
      },
    ],
    [
      'a global index',
      'Query',
      {
        TableName,
        IndexName: 'byOwner',
        KeyConditionExpression: '#o = :o',
        ...names({ '#o': 'owner' }),
        ...values({ ':o': s('q') }),
      },
    ],
    [
      'a local index',
      'Query',
      {
        TableName,
        IndexName: 'byRank',
        KeyConditionExpression: 'id = :i AND #r > :r',
        ...names({ '#r': 'rank' }),
        ...values({ ':i': s('q'), ':r': n(6) }),
      },
    ],
    [
      'a count',
      'Query',
      { TableName, Select: 'COUNT', KeyConditionExpression: 'id = :i', ...values({ ':i': s('q') }) },
    ],
    [
      'strongly, from a global index',
      'Query',
      {
        TableName,
        IndexName: 'byOwner',
        ConsistentRead: true,
        KeyConditionExpression: '#o = :o',
        ...names({ '#o': 'owner' }),
        ...values({ ':o': s('q') }),
      },
    ],
    [
      'without the key',
      'Query',
      { TableName, KeyConditionExpression: '#a = :a', ...names({ '#a': 'at' }), ...values({ ':a': n(1) }) },
    ],
    [
      'with a filter on the key',
      'Query',
      {
        TableName,
        KeyConditionExpression: 'id = :i',
        FilterExpression: '#a = :a',
        ...names({ '#a': 'at' }),
        ...values({ ':i': s('q'), ':a': n(1) }),
      },
    ],
    [
      'no such index',
      'Query',
      { TableName, IndexName: 'none', KeyConditionExpression: 'id = :i', ...values({ ':i': s('q') }) },
    ],
    ['a scan', 'Scan', { TableName, FilterExpression: 'begins_with(id, :i)', ...values({ ':i': s('q') }) }],
    ['a scan of a segment beyond the last', 'Scan', { TableName, Segment: 2, TotalSegments: 2 }],
    [
      'a scan of a global index',
      'Scan',
      { TableName, IndexName: 'byOwner', FilterExpression: 'even = :e', ...values({ ':e': { BOOL: false } }) },
    ],
  ],
  delete: [
    [
      'when a condition is not met',
      'DeleteItem',
      { TableName, Key: key('q', 5), ConditionExpression: 'attribute_not_exists(id)', ...showsItem },
    ],
    ['and see it', 'DeleteItem', { TableName, Key: key('q', 5), ReturnValues: 'ALL_OLD' }],
    ['again', 'DeleteItem', { TableName, Key: key('q', 5), ReturnValues: 'ALL_OLD' }],
    [
      'in a batch',
      'BatchWriteItem',
      {
        RequestItems: {
          [TableName]: [{ DeleteRequest: { Key: key('q', 4) } }, { PutRequest: { Item: key('batch') } }],
        },
      },
    ],
    [
      'one twice in a batch',
      'BatchWriteItem',
      {
        RequestItems: { [TableName]: [{ DeleteRequest: { Key: key('q', 4) } }, { PutRequest: { Item: key('q', 4) } }] },
      },
    ],
    [
      '26 in a batch',
      'BatchWriteItem',
      {
        RequestItems: {
          [TableName]: Array.from({ length: 26 }, (_, at) => ({ PutRequest: { Item: key('many', at) } })),
        },
      },
    ],
    [
      'an empty index key in a batch',
      'BatchWriteItem',
      { RequestItems: { [TableName]: [{ PutRequest: { Item: { ...key('e'), owner: s('') } } }] } },
    ],
  ],
  transaction: [
    [
      'of all kinds',
      'TransactWriteItems',
      transaction(
        { Put: put('t1', { v: n(1) }, isNew) },
        { Update: update('t2', 'SET v = :v', values({ ':v': n(2) })) },
        { Delete: { TableName, Key: key('batch') } },
        { ConditionCheck: { TableName, Key: key('a'), ConditionExpression: 'attribute_exists(id)' } },
      ),
    ],
    [
      'of two on one item',
      'TransactWriteItems',
      transaction(
        { Put: put('t1', {}, { ...isNew, ...showsItem }) },
        { Update: update('t2', 'SET v = :v', values({ ':v': n(3) })) },
        { ConditionCheck: { TableName, Key: key('t2'), ConditionExpression: 'attribute_exists(id)' } },
      ),
    ],
    [
      'that fails and shows',
      'TransactWriteItems',
      transaction(
        { Put: put('t1', {}, { ...isNew, ...showsItem }) },
        { Update: update('t2', 'SET v = :v', values({ ':v': n(3) })) },
        { Put: put('t3', {}) },
        { ConditionCheck: { TableName, Key: key('none'), ConditionExpression: 'attribute_exists(id)', ...showsItem } },
      ),
    ],
    ['has changed nothing', 'GetItem', get('t2')],
    ['has put nothing', 'GetItem', get('t3')],
    ['has put', 'GetItem', get('t1')],
    ['has deleted', 'GetItem', get('batch')],
    [
      'with a wrong type',
      'TransactWriteItems',
      transaction({ Put: put('t4') }, { Update: update('u', 'ADD m :a', values({ ':a': n(1) })) }),
    ],
    ['with a wrong type has put nothing', 'GetItem', get('t4')],
    ['with a wrong key', 'TransactWriteItems', transaction({ Put: { TableName, Item: { id: s('a') } } })],
    ['with a wrong key to delete', 'TransactWriteItems', transaction({ Delete: { TableName, Key: { id: s('a') } } })],
    ['with an empty key of an index', 'TransactWriteItems', transaction({ Put: put('t4', { owner: s('') }) })],
    [
      'with an update of an empty key of an index',
      'TransactWriteItems',
      transaction({ Update: update('t4', 'SET #o = :o', { ...names({ '#o': 'owner' }), ...values({ ':o': s('') }) }) }),
    ],
    [
      'with a bad path',
      'TransactWriteItems',
      transaction({ Update: update('u', 'SET no.x = :a', values({ ':a': n(1) })) }),
    ],
    [
      'that updates a key',
      'TransactWriteItems',
      transaction({ Update: update('u', 'SET id = :a', values({ ':a': s('') })) }),
    ],
    ['with a wrong type of an index key', 'TransactWriteItems', transaction({ Put: put('t4', { owner: n(1) }) })],
    ['with an empty key', 'TransactWriteItems', transaction({ Put: put('') })],
    [
      'with an unused value',
      'TransactWriteItems',
      transaction({ Update: update('u', 'SET a = :a', values({ ':a': n(1), ':b': n(1) })) }),
    ],
    ['with too much', 'TransactWriteItems', transaction({ Put: put('big', { text: s('x'.repeat(410 * 1024)) }) })],
    [
      'and count capacity',
      'TransactWriteItems',
      { ...transaction({ Put: put('cap') }), ReturnConsumedCapacity: 'TOTAL' },
    ],
    [
      'with nonsense',
      'TransactWriteItems',
      transaction({ Update: update('t4', 'SOT a = :a', values({ ':a': n(1) })) }),
    ],
    ['into no table', 'TransactWriteItems', transaction({ Put: { ...put('a'), TableName: 'none' } })],
    ['of nothing', 'TransactWriteItems', transaction()],
    ['of an empty element', 'TransactWriteItems', transaction({})],
    ['of two at once', 'TransactWriteItems', transaction({ Put: put('t4'), Delete: { TableName, Key: key('t5') } })],
    ['with a check of nothing', 'TransactWriteItems', transaction({ ConditionCheck: { TableName, Key: key('a') } })],
    [
      'of 101',
      'TransactWriteItems',
      transaction(...Array.from({ length: 101 }, (_, at) => ({ Put: put('many', {}, {}, at) }))),
    ],
    [
      'of 100',
      'TransactWriteItems',
      transaction(...Array.from({ length: 100 }, (_, at) => ({ Put: put('many', {}, {}, at) }))),
    ],
    [
      'with a token',
      'TransactWriteItems',
      { ...transaction({ Update: update('t2', 'ADD v :v', values({ ':v': n(1) })) }), ClientRequestToken: 'once' },
    ],
    [
      'with a token again',
      'TransactWriteItems',
      { ...transaction({ Update: update('t2', 'ADD v :v', values({ ':v': n(1) })) }), ClientRequestToken: 'once' },
    ],
    [
      'with a token and something else',
      'TransactWriteItems',
      { ...transaction({ Put: put('t9') }), ClientRequestToken: 'once' },
    ],
    [
      'with a token that is too long',
      'TransactWriteItems',
      { ...transaction({ Put: put('t9') }), ClientRequestToken: 'x'.repeat(37) },
    ],
    ['has added once', 'GetItem', get('t2')],
    [
      'that reads',
      'TransactGetItems',
      transaction(
        { Get: { TableName, Key: key('t1') } },
        { Get: { TableName, Key: key('none') } },
        { Get: { TableName, Key: key('t2'), ProjectionExpression: 'v' } },
      ),
    ],
    [
      'that reads one twice',
      'TransactGetItems',
      transaction({ Get: { TableName, Key: key('t1') } }, { Get: { TableName, Key: key('t1') } }),
    ],
    ['that reads a wrong key', 'TransactGetItems', transaction({ Get: { TableName, Key: { id: s('a') } } })],
    ['that reads no table', 'TransactGetItems', transaction({ Get: { TableName: 'none', Key: key('a') } })],
    ['that reads nothing', 'TransactGetItems', transaction()],
    [
      'then a conditional delete of what it wrote',
      'DeleteItem',
      { TableName, Key: key('t1'), ConditionExpression: 'v = :v', ...values({ ':v': n(1) }) },
    ],
  ],
  'time to live': [
    ['is off', 'DescribeTimeToLive', { TableName }],
    ['off again', 'UpdateTimeToLive', timeToLive('expiresAt', false)],
    ['on', 'UpdateTimeToLive', timeToLive('expiresAt')],
    ['on again', 'UpdateTimeToLive', timeToLive('expiresAt')],
    ['on another attribute', 'UpdateTimeToLive', timeToLive('other')],
    ['is on', 'DescribeTimeToLive', { TableName }],
    ['off', 'UpdateTimeToLive', timeToLive('expiresAt', false)],
    ['of no table', 'UpdateTimeToLive', { ...timeToLive('a'), TableName: 'none' }],
    ['of no table, described', 'DescribeTimeToLive', { TableName: 'none' }],
    ['without an attribute', 'UpdateTimeToLive', { TableName, TimeToLiveSpecification: { Enabled: true } }],
  ],
  others: [
    ['PartiQL', 'ExecuteStatement', { Statement: `SELECT * FROM ${TableName} WHERE id = 'a'` }],
    ['backups', 'DescribeContinuousBackups', { TableName }],
    ['unknown', 'NoSuchOperation', {}],
    ['limits', 'DescribeLimits', {}],
    ['a name that is too short', 'DescribeTable', { TableName: 'a' }],
    ['a number for a name', 'DescribeTable', { TableName: 5 }],
    ['no name', 'DescribeTable', {}],
  ],
};

export const script: readonly Step[] = Object.entries(groups).flatMap(([group, steps]) =>
  steps.map(([what, operation, input]) => ({ name: `${group}: ${what}`, operation, input })),
);
