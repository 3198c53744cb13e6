/** What is counted, as CloudWatch names it (namespace `SessionSocket`); docs/operations.md says what each one means. */
export type Occurrence =
  | 'Connected'
  | 'Disconnected'
  | 'HandshakeRefused'
  | 'HandshakeUnavailable'
  | 'HandshakeMisconfigured'
  | 'WelcomeLost'
  | 'Delivered'
  | 'Gone'
  | 'Retried'
  | 'Lost'
  | 'DeliveryMilliseconds'
  | 'Revoked'
  | 'RevokeFailed'
  | 'PutOut'
  | 'Rechecked'
  | 'RecheckLost'
  | 'RecheckFailed'
  | 'RecheckLate'
  | 'Rebound'
  | 'RebindFailed'
  | 'Ended'
  | 'EndFailed'
  | 'RequestRefused'
  | 'Published'
  | 'FrameFailed'
  | 'Flooded';

type Fields = Readonly<Record<string, string | number | undefined>>;

/**
 * One JSON line for what happened, which is its metric as well. Callers pass ids of connections, principals, codes and
 * reasons; never a token, a cookie or a body.
 * @param message undefined for the metric and these fields alone, in half the bytes
 */
export type Log = (
  level: 'info' | 'warn' | 'error',
  message: string | undefined,
  fields: Fields,
  counts: Partial<Record<Occurrence, number>>,
) => void;

/** The dimension of every metric. */
export const service = 'session-socket';
export const metricNamespace = 'SessionSocket';

/**
 * In the fields of Lambda's own JSON lines, so that Lambda takes `level` and `timestamp` for its own where its log format is JSON
 * (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html). Written past `console`, which Lambda wraps in
 * text: a metric has to be the whole line.
 */
export function createLog(): Log {
  return (level, message, fields, counts) => {
    if (message === undefined) return writeLine({ service, ...fields, ...counts, ...metricsOf(counts) });
    const heading = { level: level.toUpperCase(), message, timestamp: new Date().toISOString(), service };
    writeLine({ ...heading, ...fields, ...counts, ...metricsOf(counts) });
  };
}

/**
 * The embedded metric format, from which CloudWatch counts without a call to any API
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
 * A few lines of our own, because Powertools would be half of the authorizer's bundle.
 */
function metricsOf(counts: Partial<Record<Occurrence, number>>) {
  // A directive names one metric at least.
  if (Object.keys(counts).length === 0) return {};
  const Metrics = Object.keys(counts).map((Name) => ({
    Name,
    Unit: Name.endsWith('Milliseconds') ? 'Milliseconds' : 'Count',
  }));
  const CloudWatchMetrics = [{ Namespace: metricNamespace, Dimensions: [['service']], Metrics }];
  return { _aws: { Timestamp: Date.now(), CloudWatchMetrics } };
}

function writeLine(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
