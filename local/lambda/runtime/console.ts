import { format } from 'node:util';
import type { Answer } from './client.ts';
import { formatError, toError } from './errors.ts';

/** https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html */
const levels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const;
type Level = (typeof levels)[number];

export interface RuntimeConsole {
  setRequestId(requestId: string): void;
  logError(what: string, error: unknown): void;
  /** The Runtime API rejected a response. */
  logRefusal(answer: Answer): void;
}

/**
 * Patches `console` as the runtime does: time, request id and level before each message, as text or JSON. Direct output to
 * stdout is unchanged. https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html
 * @param noRequestId the placeholder while the function is loaded
 */
export function patchConsole(environment: NodeJS.ProcessEnv, noRequestId: string): RuntimeConsole {
  const isJson = environment['AWS_LAMBDA_LOG_FORMAT']?.toUpperCase() === 'JSON';
  const lowest = Math.max(0, levels.indexOf(environment['AWS_LAMBDA_LOG_LEVEL']?.toUpperCase() as Level));
  let requestId = noRequestId;

  function write(level: Level, message: unknown, parameters: readonly unknown[]): void {
    const timestamp = new Date().toISOString();
    const line = isJson
      ? formatJson({ timestamp, level, requestId }, message, parameters)
      : [timestamp, requestId, level, format(message, ...parameters)].join('\t');
    // A line break would split a log event. The reader converts carriage returns back.
    process.stdout.write(`${line.replaceAll('\n', '\r')}\n`);
  }

  const target = console as unknown as Record<string, (message?: unknown, ...parameters: unknown[]) => void>;
  for (const [index, level] of levels.entries()) {
    target[level.toLowerCase()] =
      index < lowest ? () => undefined : (message, ...parameters) => write(level, message, parameters);
  }
  console.log = console.info;
  return {
    setRequestId(id) {
      requestId = id;
    },
    logError(what, error) {
      if (isJson) console.error(toError(error));
      else console.error(what, formatError(toError(error)));
    },
    // The same text in both formats, observed in heyito/ito#454.
    logRefusal({ status, body }) {
      const what = `Failed to post handler success response. Http response code: ${status}. ${body}`;
      process.stdout.write(`[ERROR] [${Date.now()}] LAMBDA_RUNTIME ${what}\n`);
    },
  };
}

function formatJson(head: object, message: unknown, parameters: readonly unknown[]): string {
  if (parameters.length === 0) {
    try {
      return JSON.stringify({ ...head, message }, (_, value: unknown) =>
        value instanceof Error ? { ...describe(value), ...value } : value,
      );
    } catch {
      return JSON.stringify({ ...head, message: format(message) });
    }
  }
  const error = parameters.find((parameter) => parameter instanceof Error);
  const details = error === undefined ? {} : describe(error);
  return JSON.stringify({ ...head, message: format(message, ...parameters), ...details });
}

function describe(error: Error): object {
  return {
    errorType: error.constructor?.name ?? 'UnknownError',
    errorMessage: error.message,
    stackTrace: typeof error.stack === 'string' ? error.stack.split('\n') : [],
  };
}
