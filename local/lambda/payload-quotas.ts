import { failure } from './result.ts';

/**
 * "6 MB each for request and response (synchronous)", "1 MB (asynchronous)", which were 256 KB before October 2025:
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const maxRequestBytes = 6 * 1024 * 1024;
export const maxEventBytes = 1024 * 1024;
/** 100 more, as the messages say. */
export const maxResponseBytes = 6_291_556;

/** As seen: awslabs/aws-athena-query-federation#793 (413). */
export const requestTooLarge = `Request must be smaller than ${maxRequestBytes} bytes for the InvokeFunction operation`;

/** As seen, with the limit of its day: ASFHyP3/hyp3#2241. */
export function eventTooLarge(bytes: number): string {
  return `${bytes} byte payload is too large for the Event invocation type (limit ${maxEventBytes} bytes)`;
}

/** For who invoked, as seen: DataBiosphere/azul#7466; its type: umihico/pythonista-chromeless#11. */
export const responseTooLarge = failure(
  'Function.ResponseSizeTooLarge',
  `Response payload size exceeded maximum allowed payload size (${maxResponseBytes} bytes).`,
);

/** For the runtime, which writes it into the log, as seen: heyito/ito#454. */
export const responseTooLargeForRuntime = JSON.stringify({
  errorMessage: `Exceeded maximum allowed payload size (${maxResponseBytes} bytes).`,
  errorType: 'RequestEntityTooLarge',
});
