/** The names of the metrics in CloudWatch (namespace `SessionSocket`); docs/operations.md explains each one. */
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
 * Writes one JSON line, which is a metric as well. Callers pass ids of connections, principals, codes and reasons. They
 * MUST NOT pass a token, a cookie or a body.
 * @param message undefined: the line has the metric and these fields only, in half the bytes
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
 * Uses the field names of Lambda's own JSON lines, so that Lambda reads `level` and `timestamp` if its log format is
 * JSON (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html). It bypasses `console`,
 * because Lambda adds text to its lines, and a metric must be the whole line.
 */
export function createLog(): Log {
  return (level, message, fields, counts) => {
    if (message === undefined) return writeLine({ service, ...fields, ...counts, ...metricsOf(counts) });
    const heading = { level: level.toUpperCase(), message, timestamp: new Date().toISOString(), service };
    writeLine({ ...heading, ...fields, ...counts, ...metricsOf(counts) });
  };
}

/**
 * The embedded metric format: CloudWatch reads metrics from it without an API call
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
 * Our own, because Powertools would be half of the authorizer's bundle.
 */
function metricsOf(counts: Partial<Record<Occurrence, number>>) {
  // A directive must name at least one metric.
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
