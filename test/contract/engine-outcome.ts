import { request } from 'node:http';

/** The answer of an engine without times, ids, sizes and messages, which do not matter. */
export type EngineOutcome = string;

type Output = Readonly<Record<string, unknown>>;

/** The request in the form that an SDK sends. */
export function callDynamoDb(
  endpoint: string,
  operation: string,
  input: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly output: Output }> {
  const signed = {
    'Content-Type': 'application/x-amz-json-1.0',
    'X-Amz-Target': `DynamoDB_20120810.${operation}`,
    'X-Amz-Date': '20261123T000000Z',
    Authorization:
      'AWS4-HMAC-SHA256 Credential=local/20261123/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=local',
  };
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', headers: { ...signed, ...headers }, agent: false };
    const outgoing = request(endpoint, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, output: JSON.parse(text || '{}') as Output });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(typeof input === 'string' ? input : JSON.stringify(input));
  });
}

/** One line: the name and the fields of the error, or the values of the result. */
export function outlineOutcome({ status, output }: { status: number; output: Output }): EngineOutcome {
  const { __type, message, Message, CancellationReasons, TableDescription, Table, ...more } = output;
  if (status !== 200) {
    const reasons = (CancellationReasons as readonly { Code: string; Item?: unknown }[] | undefined)?.map(
      ({ Code, Item }) => (Item === undefined ? Code : `${Code} ${text(Item)}`),
    );
    const details = [...(reasons ?? []), ...(more['Item'] === undefined ? [] : [text(more['Item'])])].join(', ');
    return [String(__type).split('#')[1] ?? String(status), details].join(' ').trim();
  }
  if (TableDescription !== undefined || Table !== undefined) return 'ok, a table';
  const { Items, Responses, TableNames, ...rest } = more;
  return `ok ${text({ ...rest, ...sorted({ Items, TableNames }), ...(Array.isArray(Responses) ? { Responses } : sorted((Responses ?? {}) as Output)) })}`;
}

/** DynamoDB promises no order between partitions. */
function sorted(lists: Output): Output {
  return Object.fromEntries(
    Object.entries(lists)
      .filter(([, list]) => list !== undefined)
      .map(([name, list]) => [name, (list as unknown[]).map(text).sort()]),
  );
}

/** The same text for equal values: members of objects and of sets have no order. */
function text(value: unknown): string {
  return JSON.stringify(value, (name, each) => {
    if (Array.isArray(each) && /^[SNB]S$/.test(name)) return [...each].sort();
    if (typeof each !== 'object' || each === null || Array.isArray(each)) return each;
    return Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

interface Status {
  readonly TableStatus: string;
  readonly GlobalSecondaryIndexes?: readonly { readonly IndexStatus: string }[];
}

/** A new table or index takes a moment, so steps wait for it. */
export async function isThere(endpoint: string, input: object): Promise<void> {
  const { TableName } = input as { readonly TableName?: string };
  for (;;) {
    const { Table } = (await callDynamoDb(endpoint, 'DescribeTable', { TableName })).output as {
      readonly Table?: Status;
    };
    if (Table === undefined) return;
    const { TableStatus, GlobalSecondaryIndexes = [] } = Table;
    const isActive = GlobalSecondaryIndexes.every(({ IndexStatus }) => IndexStatus === 'ACTIVE');
    if (TableStatus === 'ACTIVE' && isActive) return;
  }
}
