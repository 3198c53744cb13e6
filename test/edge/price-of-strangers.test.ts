import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { refuse } from '../../functions/core/refusal.ts';
import { createLog, type Log } from '../../functions/edge/telemetry.ts';
import { httpLogFormat, socketLogFormat } from '../../lib/access-log.ts';
import { createClock } from '../../local/clock.ts';
import { createPlatformLog } from '../../local/lambda/invocation-log.ts';
import { connectionId } from '../fakes/events.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/strangers.md'), 'utf8');
const clock = createClock();
afterAll(clock.close);
afterEach(() => {
  vi.restoreAllMocks();
});

/** Of the table of the page: what stands after the words that begin a row, as numbers. */
function row(words: string): readonly number[] {
  const line = page.split('\n').find((each) => each.replaceAll('*', '').startsWith(`| ${words}`)) ?? '';
  const cells = line.split('|').slice(2, -1);
  return cells
    .map((cell) => cell.replaceAll('*', '').trim())
    .flatMap((cell) => (/^[\d.]+$/.test(cell) ? [Number(cell)] : []));
}

function bytesOf(...call: Parameters<Log>): number {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  createLog()(...call);
  return String(write.mock.lastCall?.[0]).trimEnd().length;
}

/** Lambda's lines on an invocation that went well. */
function bytesOfLambda(): number {
  const lines: string[] = [];
  const log = createPlatformLog('Text', 'INFO', 512, 'us-east-1', clock, (line) => lines.push(line));
  const requestId = '8fc6f963-411b-58b5-8483-a32130c0f45d';
  log.start(requestId);
  log.report({ requestId, durationMs: 1.83, initMs: undefined, maxMemoryMb: 78, status: 'success' });
  return lines.join('').length;
}

function bytesOfAccess(format: string, own: Readonly<Record<string, string>>): number {
  const common = { requestId: 'QYvS1GCIliAFc4Q=', requestTime: '30/Nov/2026:09:00:00 +0000', ip: '203.0.113.195' };
  const values: Readonly<Record<string, string>> = { ...common, 'identity.sourceIp': common.ip, ...own };
  return format.replaceAll(/\$context\.([a-zA-Z.]+)/g, (_, name: string) => values[name] ?? '-').length;
}

const handshakes = 7.2e6;
const dollars = (bytes: number) => (handshakes * bytes * 0.5) / 1e9;
const rounded = (numbers: readonly number[]) => numbers.map((number) => Number(number.toFixed(2)));

describe('docs/strangers.md has the bytes', () => {
  const [before, now, atWarn] = [0, 1, 2] as const;

  it('of our lines on a rejected handshake', () => {
    const reason = 'malformed-ticket';
    const brief = bytesOf('info', undefined, { reason }, { HandshakeRefused: 1 });
    expect([row('our line: malformed')[now], row('our line: malformed')[atWarn]]).toEqual([brief, brief]);
    const { sentence } = refuse('foreign-origin');
    const foreign = { connectionId, reason: 'foreign-origin', sentence, origin: 'https://evil.example.com' };
    const full = bytesOf('info', 'handshake refused', foreign, { HandshakeRefused: 1 });
    expect([row('our line: foreign')[now], row('our line: foreign')[atWarn]]).toEqual([full, full]);
  });

  it('of Lambda’s lines and of the access log', () => {
    expect(row('Lambda’s `START`'.replace('’', "'"))).toEqual([bytesOfLambda(), bytesOfLambda(), 0]);
    const refused = { connectionId, eventType: 'CONNECT', routeKey: '$connect', status: '403' };
    const authorizer = { 'error.responseType': 'ACCESS_DENIED', 'authorizer.status': '200', 'authorizer.latency': '5' };
    const access = bytesOfAccess(socketLogFormat, { ...refused, ...authorizer });
    expect(row("API Gateway's access log")).toEqual([access, access, access]);
  });

  it('and the dollars that follow from them', () => {
    const [ours, foreign, lambdas, access] = [
      row('our line: malformed'),
      row('our line: foreign'),
      row("Lambda's `START`"),
      row("API Gateway's access log"),
    ];
    const columns = [before, now, atWarn];
    const lambda = handshakes * (0.2e-6 + 0.002 * 0.5 * 0.0000133334);
    const logs = (lines: readonly number[]) => columns.map((i) => dollars((lines[i] ?? 0) + (lambdas[i] ?? 0)));
    const all = (lines: readonly number[]) => logs(lines).map((of, i) => lambda + of + dollars(access[i] ?? 0));
    expect(row('logs of the function')).toEqual(rounded(logs(ours)));
    expect(row('the same, if every')).toEqual(rounded(logs(foreign)));
    expect(row('together  ')).toEqual(rounded(all(ours)));
    expect(row('together, if')).toEqual(rounded(all(foreign)));
  });

  it('of a flood on the HTTP API', () => {
    const brief = bytesOf('info', undefined, { status: 401 }, { RequestRefused: 1 });
    const access = bytesOfAccess(httpLogFormat, {
      routeKey: 'POST /apps/{app_id}/events',
      status: '401',
      'integration.status': '200',
      'integration.latency': '5',
    });
    const each = brief + bytesOfLambda() + access;
    expect(page).toContain(`for ${each} bytes of log each`);
    const [gateway, lambda, logs] = [1.8, 1.8 * 0.2 + 1.8e6 * 0.002 * 0.5 * 0.0000133334, (1.8e6 * each * 0.5) / 1e9];
    for (const part of [gateway, lambda, logs, 4 * (gateway + lambda + logs)])
      expect(page).toContain(`$${part.toFixed(2)}`);
  });
});
