import { randomUUID } from 'node:crypto';
import { parseJson } from '../http/body.ts';
import { type ServiceAnswer, serviceError } from '../http/service-answer.ts';
import { eventTooLarge, maxEventBytes } from '../lambda/payload-quotas.ts';
import type { Services } from './server.ts';

/** https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
export async function invokeFunction(
  { functions, invoker }: Services,
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
      if (Buffer.byteLength(payload) > maxEventBytes) return payloadTooLarge(eventTooLarge(Buffer.byteLength(payload)));
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

export function payloadTooLarge(message: string): ServiceAnswer {
  return serviceError(413, 'RequestEntityTooLargeException', message);
}
