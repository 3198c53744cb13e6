import { randomUUID } from 'node:crypto';
import { parseJson, type ServiceAnswer, serviceError } from '../http/input.ts';
import type { AsyncInvoker } from './async-invoke.ts';
import type { Functions } from './functions.ts';

/**
 * "6 MB each for request and response (synchronous)", "1 MB (asynchronous)"; the latter was 256 KB before October 2025:
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const maxRequestBytes = 6 * 1024 * 1024;
const maxEventBytes = 1024 * 1024;

/** https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
export async function invokeFunction(
  functions: Functions,
  invoker: AsyncInvoker,
  functionArn: string,
  invocationType: string,
  body: string,
): Promise<ServiceAnswer> {
  const target = functions.find(functionArn);
  if (target === undefined) {
    return serviceError(404, 'ResourceNotFoundException', `Function not found: ${functionArn}`);
  }
  const payload = body === '' ? '{}' : body;
  if (parseJson(payload) === undefined) {
    return serviceError(400, 'InvalidRequestContentException', 'Could not parse request body into json.');
  }
  const requestId = randomUUID();
  const requestHeader = { 'x-amzn-RequestId': requestId };
  switch (invocationType) {
    case 'DryRun':
      return { status: 204 };
    case 'Event':
      if (Buffer.byteLength(payload) > maxEventBytes) return eventTooLarge(Buffer.byteLength(payload));
      invoker.invoke(target, payload, requestId);
      return { status: 202, headers: requestHeader };
    case 'RequestResponse': {
      const result = await target.invoke(payload, requestId);
      const headers = { ...requestHeader, 'X-Amz-Executed-Version': '$LATEST' };
      if (result.outcome === 'failed' && result.isThrottled) {
        return {
          status: 429,
          headers: { ...requestHeader, 'x-amzn-ErrorType': result.errorType },
          body: result.payload,
        };
      }
      if (result.outcome === 'returned') return { status: 200, headers, body: result.payload };
      return { status: 200, headers: { ...headers, 'X-Amz-Function-Error': 'Unhandled' }, body: result.payload };
    }
    default:
      return serviceError(400, 'InvalidParameterValueException', `Unknown invocation type ${invocationType}.`);
  }
}

/** Observed in awslabs/aws-athena-query-federation#793 (413). */
export const requestTooLarge = payloadTooLarge(
  `Request must be smaller than ${maxRequestBytes} bytes for the InvokeFunction operation`,
);

/** Observed in ASFHyP3/hyp3#2241, with the limit of that time. */
function eventTooLarge(bytes: number): ServiceAnswer {
  return payloadTooLarge(
    `${bytes} byte payload is too large for the Event invocation type (limit ${maxEventBytes} bytes)`,
  );
}

function payloadTooLarge(message: string): ServiceAnswer {
  return serviceError(413, 'RequestEntityTooLargeException', message);
}
