import type { IncomingMessage } from 'node:http';
import { parseJson } from '../http/body.ts';
import type { SignedRequest } from '../iam/signature.ts';
import type { Call } from './engine.ts';
import { failure, type Outcome } from './errors.ts';

export interface SignedCall {
  readonly call: Call;
  readonly request: SignedRequest;
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html: a batch of 25 items of 400 KB is 16 MB. */
export const maxRequestBytes = 16 * 1024 * 1024;

const targets = /^(DynamoDB_20120810|DynamoDBStreams_20120810)\.([A-Za-z]+)$/;

/** In the order in which DynamoDB looks, as far as dynalite's authors have found it out. Who signed it is the gate's question. */
export function readCall({ method = '', url = '/', headers }: IncomingMessage, body: Buffer): SignedCall | Outcome {
  const input = parseJson(body.toString('utf8'));
  if (body.length > 0 && input === undefined) return failure('service', 'SerializationException', 'This is no JSON.');

  const target = String(headers['x-amz-target'] ?? '');
  const operation = targets.exec(target)?.[2];
  if (operation === undefined) return failure('service', 'UnknownOperationException', 'There is no such operation.');

  if (!isSigned(headers.authorization, url)) {
    const message = 'Request is missing Authentication Token';
    return failure('service', 'MissingAuthenticationTokenException', message);
  }
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    return failure('service', 'SerializationException', 'This is no JSON object.');
  }
  return {
    call: { target, operation, input: input as Record<string, unknown>, body },
    request: { method, url, headers, body },
  };
}

function isSigned(authorization: string | undefined, url: string): boolean {
  return authorization?.startsWith('AWS4-') === true || url.includes('X-Amz-Algorithm=');
}
