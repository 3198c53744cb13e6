import type { Faults, ServiceFault } from '../faults.ts';
import { type ServiceAnswer, serviceError } from '../http/service-answer.ts';

type Service = 'lambda' | 'secretsmanager';

const answers: Readonly<Record<Service, Readonly<Record<ServiceFault, ServiceAnswer>>>> = {
  // https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
  lambda: {
    fail: serviceError(500, 'ServiceException', 'The Lambda service encountered an internal error.'),
    throttle: serviceError(429, 'TooManyRequestsException', 'The request throughput limit was exceeded.'),
  },
  // https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html and CommonErrors.html
  secretsmanager: {
    fail: serviceError(500, 'InternalServiceError', 'An error occurred on the server side.'),
    throttle: serviceError(400, 'ThrottlingException', 'The request was denied due to request throttling.'),
  },
};

/** @returns undefined when the call may go on, after a delay if there is one */
export async function answerFault(faults: Faults, service: Service): Promise<ServiceAnswer | undefined> {
  const fault = await faults.beforeCall(service);
  return fault === undefined ? undefined : answers[service][fault];
}
