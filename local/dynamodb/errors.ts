import type { Answer } from './engine.ts';

/** What an operation comes to, before it is written as JSON. */
export interface Outcome {
  readonly status: number;
  readonly output: object;
}

export function toAnswer({ status, output }: Outcome): Answer {
  return { status, body: JSON.stringify(output) };
}

/** Which part of DynamoDB speaks: each of its errors has one of these before the `#`. */
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

/** The name of an error without its namespace; undefined for what is none. */
export function errorType({ status, output }: Outcome): string | undefined {
  if (status === 200) return undefined;
  return (output as { readonly __type?: string }).__type?.split('#')[1];
}
