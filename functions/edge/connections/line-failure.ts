/** The exchange did not end in an answer. */
export class LineFailure extends Error {
  constructor(cause: Error) {
    super(`no answer (${codeOf(cause) ?? cause.name})`, { cause });
    // The SDK's name for what may be tried again; with another it asks the cause's code. A malformed answer may not.
    this.name = isTooLate(cause) || isDeadLine(cause) ? 'TimeoutError' : 'LineFailure';
  }
}

/** There was no whole answer in the time for it. */
export class TooLate extends Error {
  readonly code = 'ETIMEDOUT';
}

/** There is more of an answer than any of API Gateway's can have. */
export class TooLong extends Error {
  readonly code = 'EMSGSIZE';
}

/** The other side is gone, as opposed to an answer that makes no sense. */
export function isDeadLine(error: Error): boolean {
  return ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(codeOf(error) ?? '');
}

function isTooLate(error: Error): boolean {
  return error instanceof TooLate || codeOf(error) === 'UND_ERR_CONNECT_TIMEOUT';
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
