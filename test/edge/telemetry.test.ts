import { afterEach, expect, it, vi } from 'vitest';
import { createLog, type Log } from '../../functions/edge/telemetry.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** The line that this call writes. */
function lineOf(...call: Parameters<Log>) {
  const writes = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, 'write').mockReturnValue(true));
  createLog()(...call);
  const line = writes.flatMap(({ mock }) => mock.calls).at(-1);
  return JSON.parse(String(line?.[0]));
}

it('writes one line, which is a metric as well', () => {
  const line = lineOf('info', 'broadcast', { channel: 'news' }, { Delivered: 2, DeliveryMilliseconds: 30 });
  expect(line).toMatchObject({ level: 'INFO', message: 'broadcast', channel: 'news', service: 'session-socket' });
  expect(line).toMatchObject({ Delivered: 2, DeliveryMilliseconds: 30 });
  const [directive] = line._aws.CloudWatchMetrics;
  expect(directive).toEqual({
    Namespace: 'SessionSocket',
    Dimensions: [['service']],
    Metrics: [
      { Name: 'Delivered', Unit: 'Count' },
      { Name: 'DeliveryMilliseconds', Unit: 'Milliseconds' },
    ],
  });
});

it('without a message writes the same metric in half the bytes', () => {
  const full = lineOf('info', 'handshake refused', { reason: 'malformed-token' }, { HandshakeRefused: 1 });
  const brief = lineOf('info', undefined, { reason: 'malformed-token' }, { HandshakeRefused: 1 });
  expect(Object.keys(brief)).toEqual(['service', 'reason', 'HandshakeRefused', '_aws']);
  expect({ ...full, _aws: undefined }).toMatchObject({ ...brief, _aws: undefined });
  expect(brief._aws.CloudWatchMetrics).toEqual(full._aws.CloudWatchMetrics);
});

// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
it('has the level and the time in the form that Lambda reads in its log format JSON', () => {
  const line = lineOf('warn', 'closed for too many frames', {}, { Flooded: 1 });
  expect(line.level).toBe('WARN');
  expect(line.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

it('has no metric without counts', () => {
  expect(lineOf('error', 'session check unavailable', { reason: 'it answered 503' }, {})).not.toHaveProperty('_aws');
});
