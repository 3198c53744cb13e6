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
  if (level === undefined) return readJson(line) ?? { text: line, style: 'dim' };
  const { text } = readJson(message ?? '') ?? { text: message ?? '' };
  return withLevel(level, text);
}

function describeReport(duration: unknown, initDuration: unknown): ReadableLine {
  const cold = initDuration === undefined ? '' : `  cold start ${Math.round(Number(initDuration))} ms`;
  return { text: `${duration} ms${cold}`, style: 'dim' };
}

function withLevel(level: string, text: string): ReadableLine {
  const style = /^(ERROR|FATAL|CRITICAL)$/.test(level) ? 'red' : /^WARN/.test(level) ? 'yellow' : 'dim';
  return { text: `${level.padEnd(5)} ${text}`, style };
}

/** @returns undefined when it is no JSON, or none that says something under a name that loggers use */
function readJson(line: string): ReadableLine | undefined {
  const fields = parseObject(line);
  if (fields === undefined) return undefined;
  if (typeof fields.type === 'string' && fields.type.startsWith('platform.')) return readPlatformEvent(fields);
  const { level, message, code, reason, connectionId, errorType, errorMessage } = fields;
  const parts = [message, errorType, errorMessage, code, reason, connectionId];
  const said = parts.filter((part) => ['string', 'number'].includes(typeof part) && part !== '');
  if (said.length === 0) return undefined;
  const text = said.join('  ');
  return typeof level === 'string' ? withLevel(level.toUpperCase(), text) : { text, style: 'dim' };
}

/** https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html */
function readPlatformEvent({ type, record }: Readonly<Record<string, unknown>>): ReadableLine | undefined {
  if (type !== 'platform.report') return undefined;
  const { metrics } = Object(record) as { metrics?: unknown };
  const { durationMs, initDurationMs } = Object(metrics) as { durationMs?: unknown; initDurationMs?: unknown };
  return describeReport(durationMs, initDurationMs);
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
