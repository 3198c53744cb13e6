/** One call of DynamoDB's API. */
export interface Call {
  /** Such as `DynamoDB_20120810.PutItem`. */
  readonly target: string;
  /** The last part of the target. */
  readonly operation: string;
  /** The parsed `body`. The engine may change it. */
  readonly input: Record<string, unknown>;
  readonly body: Buffer;
}

export interface Answer {
  readonly status: number;
  /** JSON. */
  readonly body: string;
}

/**
 * Stores the tables. It MUST answer every call, an unknown one with `UnknownOperationException`, and MUST NOT reject
 * because of a caller's input. Calls come concurrently; each is atomic, as in DynamoDB.
 */
export interface Engine {
  /** Name and version, for people. */
  readonly name: string;
  answer(call: Call): Promise<Answer>;
  close(): Promise<void>;
}

/** dynalite runs in Node; strict is AWS's DynamoDB Local, in Java. */
export type EngineKind = 'dynalite' | 'strict';

const service = 'DynamoDB_20120810';

/** A call by the local cloud itself. @throws the error answer of DynamoDB */
export async function ask<T = object>(engine: Engine, operation: string, input: object): Promise<T> {
  const body = JSON.stringify(input);
  const answer = await engine.answer({
    target: `${service}.${operation}`,
    operation,
    input: JSON.parse(body),
    body: Buffer.from(body),
  });
  if (answer.status !== 200) throw new Error(answer.body);
  return JSON.parse(answer.body) as T;
}

/** The result of an operation, before it becomes JSON. */
export interface Outcome {
  readonly status: number;
  readonly output: object;
}

export function toAnswer({ status, output }: Outcome): Answer {
  return { status, body: JSON.stringify(output) };
}

/** Each DynamoDB error type has one of these namespaces before the `#`. */
const namespaces = {
  service: 'com.amazon.coral.service',
  validate: 'com.amazon.coral.validate',
  availability: 'com.amazon.coral.availability',
  dynamodb: 'com.amazonaws.dynamodb.v20120810',
};

/** An error as DynamoDB writes it: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html */
export function failure(
  namespace: keyof typeof namespaces,
  type: string,
  message: string,
  { status = 400, ...more }: { readonly status?: number; readonly [field: string]: unknown } = {},
): Outcome {
  const field = namespace === 'service' ? 'Message' : 'message';
  return { status, output: { __type: `${namespaces[namespace]}#${type}`, [field]: message, ...more } };
}

export function invalid(message: string): Outcome {
  return failure('validate', 'ValidationException', message);
}

export function internalError(): Outcome {
  return failure('dynamodb', 'InternalServerError', 'The request could not be processed. Try it again.', {
    status: 500,
  });
}

/** The error's name without its namespace; undefined for a success. */
export function errorType({ status, output }: Outcome): string | undefined {
  if (status === 200) return undefined;
  return (output as { readonly __type?: string }).__type?.split('#')[1];
}
