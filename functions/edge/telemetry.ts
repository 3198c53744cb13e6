import { Logger } from '@aws-lambda-powertools/logger';

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
 */
export type Tell = (
  level: 'info' | 'warn' | 'error',
  message: string,
  fields: Fields,
  counts: Partial<Record<Occurrence, number>>,
) => void;

export function createTell(): Tell {
  const logger = new Logger({ serviceName: 'session-socket' });
  return (level, message, fields, counts) => logger[level](message, { ...fields, ...counts, ...metricsOf(counts) });
}

/**
 * The embedded metric format, from which CloudWatch counts without a call to any API
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
 * A few lines of our own, because Powertools' Metrics would be a quarter of the authorizer's bundle.
 */
function metricsOf(counts: Partial<Record<Occurrence, number>>) {
  // A directive names one metric at least.
  if (Object.keys(counts).length === 0) return {};
  const Metrics = Object.keys(counts).map((Name) => ({
    Name,
    Unit: Name.endsWith('Milliseconds') ? 'Milliseconds' : 'Count',
  }));
  const CloudWatchMetrics = [{ Namespace: 'SessionSocket', Dimensions: [['service']], Metrics }];
  return { _aws: { Timestamp: Date.now(), CloudWatchMetrics } };
}
