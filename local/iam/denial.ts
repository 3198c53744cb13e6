import type { ServiceAnswer } from '../http/input.ts';
import type { OwnService } from './policy.ts';

/** The reason for a rejected call, independent of the service. */
export interface Denial {
  readonly status: 400 | 403;
  /** Such as `AccessDeniedException`. */
  readonly errorType: string;
  readonly message: string;
}

/** The form of a service's access errors. */
export interface ErrorFormat {
  readonly status: 400 | 403;
  /** The allowed clock skew of a request. */
  readonly toleranceMinutes: 5 | 15;
  readonly missingToken: string;
  readonly contentType: string;
  /** The prefix of the error type in the body; undefined if the type is in a header. */
  readonly typePrefix?: string;
}

const json = { contentType: 'application/json' };
const missingToken = 'Missing Authentication Token';

/**
 * Observed formats. DynamoDB: aws/aws-sdk-php#1292 (400, `__type`, `Message`), aws/aws-sdk-js#254 (15 min.),
 * architect/dynalite (the missing token, recorded). Secrets Manager: binbashar/le-tf-infra-aws#874 (400); its text for a
 * missing token and its 5 min. are assumptions. Lambda: brefphp/bref#1250, iann0036/iamlive#58 (403). API Gateway:
 * aws/chalice#12 (403, the header), cognitect-labs/aws-api#255 (5 min., at PostToConnection).
 */
export const errorFormats: Readonly<Record<OwnService, ErrorFormat>> = {
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

/** Converts a denial to the service's own form. */
export function answerDenial(service: OwnService, { status, errorType, message }: Denial): ServiceAnswer {
  const { contentType, typePrefix } = errorFormats[service];
  // Only this error has a capital `Message`: aws/aws-sdk-php#1292 and, for Lambda and API Gateway on the same day,
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
