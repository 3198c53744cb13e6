import { parseJson } from '../http/input.ts';

export interface Invocation {
  readonly requestId: string;
  readonly payload: string;
  /** Called once. */
  settle(result: InvocationResult): void;
}

export type InvocationResult =
  | { readonly outcome: 'returned'; readonly payload: string }
  | {
      readonly outcome: 'failed';
      /** Lambda's error object, `{"errorType","errorMessage",…}`, as text. */
      readonly payload: string;
      readonly errorType: string;
      readonly errorMessage: string;
      /** The invocation never ran, because the function's reserved concurrency is in use. */
      readonly isThrottled?: true;
    };

export type Failure = Extract<InvocationResult, { outcome: 'failed' }>;

export function failure(errorType: string, errorMessage: string): Failure {
  return { outcome: 'failed', payload: JSON.stringify({ errorType, errorMessage }), errorType, errorMessage };
}

/** @param payload the runtime's report */
export function reportedFailure(payload: string): Failure {
  const { errorType, errorMessage } = Object(parseJson(payload)) as { errorType?: unknown; errorMessage?: unknown };
  return {
    outcome: 'failed',
    payload,
    errorType: String(errorType ?? 'Error'),
    errorMessage: String(errorMessage ?? ''),
  };
}

/**
 * Exception and reason are from https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html. The message is from
 * recordings, such as https://github.com/alexcasalboni/aws-lambda-power-tuning/issues/133
 */
export const throttled: Failure = {
  ...failure('TooManyRequestsException', 'Rate Exceeded.'),
  payload: JSON.stringify({
    Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
    Type: 'User',
    message: 'Rate Exceeded.',
  }),
  isThrottled: true,
};

export const closed: Failure = failure('LocalCloudClosed', 'The local cloud was closed.');

export function timedOut(requestId: string, timeoutMs: number): Failure {
  return failure('Sandbox.Timedout', `RequestId: ${requestId} Error: ${timeoutSentence(timeoutMs)}`);
}

export function timeoutSentence(timeoutMs: number): string {
  return `Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`;
}

/** Go's names of signals, because Lambda is written in Go. */
const signalNames: Readonly<Record<string, string>> = {
  SIGKILL: 'killed',
  SIGTERM: 'terminated',
  SIGINT: 'interrupt',
  SIGHUP: 'hangup',
  SIGQUIT: 'quit',
  SIGABRT: 'aborted',
  SIGSEGV: 'segmentation fault',
  SIGBUS: 'bus error',
  SIGFPE: 'floating point exception',
  SIGILL: 'illegal instruction',
  SIGTRAP: 'trace/breakpoint trap',
};

/** Lambda's message for a runtime that exited. https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html */
export function exitSentence(requestId: string, code: number | null, signal: NodeJS.Signals | null): string {
  const sentence = `RequestId: ${requestId} Error: Runtime exited`;
  if (signal !== null) return `${sentence} with error: signal: ${signalNames[signal] ?? signal}`;
  return code === 0 ? `${sentence} without providing a reason` : `${sentence} with error: exit status ${code}`;
}
