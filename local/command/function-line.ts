import type { Style } from './colour.ts';

/** What of a function's line a person reads. */
export interface ReadableLine {
  readonly text: string;
  readonly style: Style;
}

/**
 * One line for each invocation instead of Lambda's three, and of other lines the level and the message: of the text format
 * and of JSON, be it Lambda's own or a logger's. https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
 * @returns undefined for what says nothing that another line does not say
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

/** `Invoke Error\t{"errorType":…}`, or what the function said, which may be JSON itself. */
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

/** What loggers say under names that they share; the whole text when there is nothing of that in it. */
function readJson(text: string): ReadableLine | undefined {
  const fields = parseObject(text);
  if (fields === undefined) return { text, style: 'dim' };
  if (typeof fields.type === 'string' && fields.type.startsWith('platform.')) return readPlatformEvent(fields);
  const { level, message, code, reason, connectionId, errorType, errorMessage } = fields;
  const parts = [message, errorType, errorMessage, code, reason, connectionId];
  const said = parts.filter((part) => ['string', 'number'].includes(typeof part) && part !== '');
  if (said.length === 0) return { text, style: 'dim' };
  return typeof level === 'string'
    ? withLevel(level.toUpperCase(), said.join('  '))
    : { text: said.join('  '), style: 'dim' };
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
