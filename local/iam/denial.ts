import type { ServiceAnswer } from '../http/service-answer.ts';
import type { OwnService } from './policy.ts';

/** Why a call is refused, before each service says it in its own form. */
export interface Denial {
  readonly status: 400 | 403;
  /** Such as `AccessDeniedException`. */
  readonly errorType: string;
  readonly message: string;
}

/** How a service words that it refuses a request. */
export interface Manner {
  readonly status: 400 | 403;
  /** How far the clock of a request may be off. */
  readonly toleranceMinutes: 5 | 15;
  readonly missingToken: string;
  readonly contentType: string;
  /** Before the error's type in the body; undefined where the type is in a header. */
  readonly typePrefix?: string;
}

const json = { contentType: 'application/json' };
const missingToken = 'Missing Authentication Token';

/**
 * As seen. DynamoDB: aws/aws-sdk-php#1292 (400, `__type`, `Message`), aws/aws-sdk-js#254 (15 min.), architect/dynalite (the
 * missing token, which it recorded). Secrets Manager: binbashar/le-tf-infra-aws#874 (400); that its missing token is worded
 * as elsewhere and its clock is 5 min. is not known. Lambda: brefphp/bref#1250, iann0036/iamlive#58 (403). API Gateway:
 * aws/chalice#12 (403, the header), cognitect-labs/aws-api#255 (5 min., at PostToConnection).
 */
export const manners: Readonly<Record<OwnService, Manner>> = {
  dynamodb: {
    status: 400,
    toleranceMinutes: 15,
    missingToken: 'Request is missing Authentication Token',
    contentType: 'application/x-amz-json-1.0',
    typePrefix: 'com.amazon.coral.service#',
  },
  secretsmanager: {
    status: 400,
    toleranceMinutes: 5,
    missingToken,
    contentType: 'application/x-amz-json-1.1',
    typePrefix: '',
  },
  lambda: { status: 403, toleranceMinutes: 5, missingToken, ...json },
  'execute-api': { status: 403, toleranceMinutes: 5, missingToken, ...json },
};

/** A denial in the service's own form. */
export function answerDenial(service: OwnService, { status, errorType, message }: Denial): ServiceAnswer {
  const { contentType, typePrefix } = manners[service];
  // Capital only here: aws/aws-sdk-php#1292 and, of the same day, of Lambda and API Gateway,
  // mariotoffia/floci docs/design/resource-policy-enforcement.md (measured on AWS, 2026-10-02).
  const name = errorType === 'AccessDeniedException' ? 'Message' : 'message';
  const headers = { 'Content-Type': contentType };
  if (typePrefix === undefined) {
    return {
      status,
      headers: { ...headers, 'x-amzn-ErrorType': errorType },
      body: JSON.stringify({ [name]: message }),
    };
  }
  return { status, headers, body: JSON.stringify({ __type: typePrefix + errorType, [name]: message }) };
}
