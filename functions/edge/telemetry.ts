import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';

/** What can happen, as metrics name it (namespace `SessionSocket`); docs/operations.md says what each one means. */
export type Occurrence =
  | 'HandshakeAccepted'
  | 'HandshakeRefused'
  | 'HandshakeUnavailable'
  | 'HandshakeMisconfigured'
  | 'Connected'
  | 'Disconnected'
  | 'WelcomeLost'
  | 'Delivered'
  | 'Gone'
  | 'DeliveryFailed';

type Level = 'info' | 'warn' | 'error';
type Fields = Readonly<Record<string, string | number | undefined>>;

/** One JSON line each. Callers pass ids of connections, principals and reasons; never a token, a cookie or a body. */
export interface Telemetry {
  log(level: Level, message: string, fields: Fields): void;
  /** Counted in CloudWatch through the embedded metric format: no call to any API. */
  count(occurrences: Partial<Record<Occurrence, number>>): void;
}

export function createTelemetry(): Telemetry {
  const logger = new Logger({ serviceName: 'session-socket' });
  const metrics = new Metrics({ namespace: 'SessionSocket', serviceName: 'session-socket' });
  return {
    log: (level, message, fields) => logger[level](message, { ...fields }),
    count: (occurrences) => {
      for (const [name, value] of Object.entries(occurrences)) metrics.addMetric(name, MetricUnit.Count, value);
      metrics.publishStoredMetrics();
    },
  };
}
