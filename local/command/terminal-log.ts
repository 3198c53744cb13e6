import { stripVTControlCharacters } from 'node:util';
import { type Log, type LogEntry, shortNames } from '../index.ts';
import type { Paint, Style } from './terminal.ts';

export interface TerminalLogOptions {
  /** The logical ids of all functions. */
  readonly functionIds: readonly string[];
  readonly paint: Paint;
  readonly write: (line: string) => void;
  readonly now?: () => Date;
}

interface Line {
  readonly source: string;
  readonly sourceStyle: Style;
  readonly message: string;
  readonly style: Style;
}

/** Without red, which means failure. */
const functionColours: readonly Style[] = [
  'cyan',
  'magenta',
  'blue',
  'green',
  'yellow',
  'cyanBright',
  'magentaBright',
  'blueBright',
  'greenBright',
];
const narrowest = 12;
const widest = 32;

/** Prints log entries in columns: time, source, message. A function has the same colour at each start. */
export function createTerminalLog({ functionIds, paint, write, now = () => new Date() }: TerminalLogOptions): Log {
  const names = shortNames(functionIds);
  const nameOf = (id: string) => names.get(id) ?? id;
  const sorted = [...functionIds].sort();
  const colourOf = (id: string) => functionColours[Math.max(0, sorted.indexOf(id)) % functionColours.length] ?? 'cyan';
  const width = Math.min(widest, Math.max(narrowest, ...[...names.values()].map(({ length }) => length)));

  return (entry) => {
    const line = describe(entry, nameOf, colourOf);
    if (line === 'no news') return;
    const time = paint('dim', now().toTimeString().slice(0, 8));
    const [first = '', ...more] = printable(line.message).split('\n');
    write(`${time}  ${paint(line.sourceStyle, line.source.padEnd(width))}  ${paint(line.style, first)}`);
    // Further lines, such as a stack trace, stay in the message column.
    for (const each of more) write(`${' '.repeat(8 + 2 + width + 2)}${paint(line.style, each)}`);
  };
}

function describe(entry: LogEntry, nameOf: (id: string) => string, colourOf: (id: string) => Style): Line | 'no news' {
  const byFunction = (id: string, message: string, style: Style): Line => ({
    source: nameOf(id),
    sourceStyle: colourOf(id),
    message,
    style,
  });
  const by = (source: string, message: string, style: Style): Line => ({ source, sourceStyle: style, message, style });
  switch (entry.kind) {
    case 'function-output': {
      const line = readFunctionLine(entry.line);
      return line === undefined ? 'no news' : byFunction(entry.function, line.text, line.style);
    }
    case 'function-waiting':
      // Only the first waiting invocation is printed, not each further one.
      if (entry.waiting > 1) return 'no news';
      return byFunction(entry.function, 'waits for a free environment', 'yellow');
    case 'function-failed':
      return byFunction(entry.function, `failed: ${entry.errorType}`, 'red');
    case 'function-reloaded':
      return byFunction(entry.function, 'runs its new code', 'green');
    case 'async-retry':
      return byFunction(entry.function, `failed; attempt ${entry.attempt} in ${entry.afterMs / 1000} s`, 'yellow');
    case 'async-abandoned':
      return byFunction(entry.function, `gave up after ${entry.attempts} attempts`, 'red');
    case 'handshake':
      return by('handshake', `${entry.status} ${entry.reason}`, handshakeStyle(entry.status));
    case 'context-stringified':
      return by(
        'authorizer',
        `${entry.authorizer}: its context values are converted to strings (${entry.keys.join(', ')})`,
        'yellow',
      );
    case 'integration-failed':
      return by(entry.routeKey, `failed: ${entry.reason}`, 'red');
    case 'schedule':
      return by('schedule', `starts ${nameOf(entry.function)}`, 'dim');
    case 'schedule-refused':
      return by('schedule', `may not start ${nameOf(entry.function)}: no permission allows ${entry.rule}`, 'red');
    case 'throttled':
      return by(entry.routeKey, 'throttled: above the rate of the stage', 'yellow');
    case 'not-deployed':
      return by('not deployed', `the deployment ${entry.deployment} does not wait for ${entry.logicalId}`, 'yellow');
    case 'dynamodb-listens-everywhere':
      return by(
        'DynamoDB',
        `Local listens on every address, port ${entry.port}; its tables need a secret key`,
        'yellow',
      );
    case 'dynamodb-ended':
      return by('DynamoDB', entry.reason, 'red');
    case 'not-emulated':
      return by('not emulated', `${entry.what} (${entry.logicalId})`, 'yellow');
    case 'template-changed':
      return by('template', `the template changed: restart to use it (${entry.logicalIds.join(', ')})`, 'yellow');
  }
}

function handshakeStyle(status: number): Style {
  if (status === 101) return 'green';
  return status < 500 ? 'yellow' : 'red';
}

/** A function's line may contain client input, which must not control the terminal. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: removes control characters
  return stripVTControlCharacters(text).replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, ' ');
}

/** A function's line, shortened for people. */
export interface ReadableLine {
  readonly text: string;
  readonly style: Style;
}

/**
 * Prints one line per invocation instead of Lambda's three, and the level and message of other lines. Reads text and
 * JSON, from Lambda or from a logger. https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
 * @returns undefined for a line that repeats another one
 */
export function readFunctionLine(line: string): ReadableLine | undefined {
  if (/^(START|END) RequestId: |^INIT_START /.test(line)) return undefined;
  const report = /^REPORT RequestId: .*?\bDuration: ([\d.]+) ms(?:.*?\bInit Duration: ([\d.]+) ms)?/.exec(line);
  if (report !== null) return describeReport(report[1], report[2]);
  const [, level, message] = /^[-\d]+T[\d:.]+Z\t[^\t]*\t([A-Z]+)\t(.*)$/s.exec(line) ?? [];
  if (level !== undefined) return withLevel(level, readMessage(message ?? ''));
  const [, failure] = /^(?:RequestId: \S+ Error: |\S+Z \S+ (?=Task timed out))(.*)$/s.exec(line) ?? [];
  if (failure !== undefined) return { text: failure, style: 'red' };
  return line.startsWith('{"') ? readJson(line) : { text: line, style: 'dim' };
}

/** `Invoke Error\t{"errorType":…}`, or the function's own message, which may be JSON. */
function readMessage(message: string): string {
  const parts = message.split('\t');
  return parts
    .map((part) => (part.startsWith('{"') ? readJson(part)?.text : part))
    .filter(isSomething)
    .join('  ');
}

const isSomething = (part: string | undefined) => part !== undefined;

function describeReport(duration: unknown, initDuration: unknown): ReadableLine {
  const cold = initDuration === undefined ? '' : `  cold start ${Math.round(Number(initDuration))} ms`;
  return { text: `${duration} ms${cold}`, style: 'dim' };
}

function withLevel(level: string, text: string): ReadableLine {
  const style = /^(ERROR|FATAL|CRITICAL)$/.test(level) ? 'red' : /^WARN/.test(level) ? 'yellow' : 'dim';
  return { text: `${level.padEnd(5)} ${text}`, style };
}

/** Reads the fields that most loggers use; the whole text if it has none of them. */
function readJson(text: string): ReadableLine | undefined {
  const fields = parseObject(text);
  if (fields === undefined) return { text, style: 'dim' };
  if (typeof fields['type'] === 'string' && fields['type'].startsWith('platform.')) return readPlatformEvent(fields);
  const { level, message, code, reason, connectionId, errorType, errorMessage } = fields;
  const parts = [message, errorType, errorMessage, code, reason, connectionId];
  const known = parts.filter((part) => ['string', 'number'].includes(typeof part) && part !== '');
  if (known.length === 0) return { text, style: 'dim' };
  return typeof level === 'string'
    ? withLevel(level.toUpperCase(), known.join('  '))
    : { text: known.join('  '), style: 'dim' };
}

/** https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html */
function readPlatformEvent({ type, record }: Readonly<Record<string, unknown>>): ReadableLine | undefined {
  if (type !== 'platform.report') return undefined;
  const { metrics } = Object(record) as { metrics?: unknown };
  const { durationMs, initDurationMs } = Object(metrics) as { durationMs?: unknown; initDurationMs?: unknown };
  return describeReport(durationMs, initDurationMs);
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Object(value) === value ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
