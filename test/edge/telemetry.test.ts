import { afterEach, expect, it, vi } from 'vitest';
import { createTell, type Tell } from '../../functions/edge/telemetry.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** What is written when this is told. */
function lineOf(...said: Parameters<Tell>) {
  const writes = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, 'write').mockReturnValue(true));
  createTell()(...said);
  const [line] = writes.flatMap(({ mock }) => mock.calls);
  return JSON.parse(String(line?.[0]));
}

it('tells what happened in one line, which is its metric as well', () => {
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

it('names no metric where nothing is counted', () => {
  expect(lineOf('error', 'session check unavailable', { reason: 'it answered 503' }, {})).not.toHaveProperty('_aws');
});
