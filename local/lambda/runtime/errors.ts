/** The errors of the Node.js runtime and their format. https://github.com/aws/aws-lambda-nodejs-runtime-interface-client */

/** Lambda's error object for the Runtime API. */
export interface ErrorReport {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
}

export function runtimeError(name: string, message: string, stack?: string): Error {
  const error = Object.assign(new Error(message), { name: `Runtime.${name}` });
  // The original stack contains the name `Error`.
  error.stack = stack ?? `${error.name}: ${message}${error.stack?.slice(error.stack.indexOf('\n    at ')) ?? ''}`;
  return error;
}

export function reportOf(error: unknown): ErrorReport {
  try {
    if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
    const { name, message, stack = '' } = error;
    return { errorType: printable(name), errorMessage: printable(message), trace: printable(stack).split('\n') };
  } catch {
    const errorMessage =
      'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack';
    return { errorType: 'handled', errorMessage, trace: [] };
  }
}

function printable(text: string): string {
  return String(text).replaceAll('\x7f', '%7F');
}

export function toError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}

/** An error with all its properties on one line, after a tab, as in the runtime. */
export function formatError(error: Error): string {
  try {
    return `\t${JSON.stringify(error, (_, value: unknown) => (value instanceof Error ? enumerable(value) : value))}`;
  } catch {
    return `\t${JSON.stringify(reportOf(error))}`;
  }
}

function enumerable(error: Error): object {
  const { code } = error as NodeJS.ErrnoException;
  const all = { errorType: error.name, errorMessage: error.message, code, ...error };
  return typeof error.stack === 'string' ? { ...all, stack: error.stack.split('\n') } : all;
}

/** @throws Runtime.JSONStringifyError (an Error before Node.js 24) for a cycle or a BigInt */
export function serialize(value: unknown, isModern: boolean): string {
  try {
    // JSON.stringify returns undefined for functions, symbols and some toJSON methods.
    return JSON.stringify(value) ?? 'null';
  } catch {
    const message = 'Unable to stringify response body';
    throw isModern ? runtimeError('JSONStringifyError', message) : new Error(message);
  }
}
