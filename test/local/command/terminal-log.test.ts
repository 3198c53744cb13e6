import { describe, expect, it } from 'vitest';
import { createPaint, wantsColour } from '../../../local/command/terminal.ts';
import { createTerminalLog, readFunctionLine } from '../../../local/command/terminal-log.ts';
import type { LogEntry } from '../../../local/index.ts';

const functionIds = ['AppConnectFunction0A1B2C3D', 'AppMessageFunctionFFFF0000'];
const [connect, message] = functionIds as [string, string];
const requestId = '8f507cfc-xmpl-4697-b07a-ac58fc914c95';

function print(entries: readonly LogEntry[], isColoured = false, ids = functionIds): string[] {
  const lines: string[] = [];
  const now = () => new Date(2026, 10, 23, 17, 4, 5);
  const log = createTerminalLog({
    functionIds: ids,
    paint: createPaint(isColoured),
    write: (line) => void lines.push(line),
    now,
  });
  for (const entry of entries) log(entry);
  return lines;
}

const output = (id: string, line: string): LogEntry => ({ kind: 'function-output', function: id, line });

describe('the terminal log', () => {
  it('aligns its columns for all sources', () => {
    expect(
      print([
        output(connect, 'hello'),
        { kind: 'handshake', status: 403, reason: 'the authorizer policy has an explicit deny' },
        { kind: 'function-failed', function: message, errorType: 'Sandbox.Timedout' },
        { kind: 'template-changed', logicalIds: ['Log', 'Queue'] },
        { kind: 'context-stringified', authorizer: 'Authorizer', keys: ['level', 'vip'] },
        { kind: 'function-reloaded', function: message },
        { kind: 'async-retry', function: connect, attempt: 2, afterMs: 60_000 },
      ]),
    ).toEqual([
      '17:04:05  Connect       hello',
      '17:04:05  handshake     403 the authorizer policy has an explicit deny',
      '17:04:05  Message       failed: Sandbox.Timedout',
      '17:04:05  template      the template changed: restart to use it (Log, Queue)',
      '17:04:05  authorizer    Authorizer: its context values are converted to strings (level, vip)',
      '17:04:05  Message       runs its new code',
      '17:04:05  Connect       failed; attempt 2 in 60 s',
    ]);
    const [first, second] = print([output('AVeryLongName', '=='), output('Short', '==')], false, [
      'AVeryLongName',
      'Short',
    ]);
    expect(first?.indexOf('==')).toBe(second?.indexOf('=='));
  });

  it('keeps further lines of an event in the message column', () => {
    expect(print([output(connect, 'Error: no\n    at handler')])).toEqual([
      '17:04:05  Connect       Error: no',
      '                            at handler',
    ]);
  });

  it('prints the first waiting invocation, not each further one', () => {
    const waiting = [1, 2, 3].map(
      (count) => ({ kind: 'function-waiting', function: connect, waiting: count }) as const,
    );
    expect(print(waiting)).toEqual(['17:04:05  Connect       waits for a free environment']);
  });

  it('gives each function its own stable colour, never red', () => {
    const colourOf = (id: string, ids: readonly string[]) =>
      // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what colours are made of
      /\u001b\[(\d+)m(?:Connect|Message)/.exec(print([output(id, 'x')], true, [...ids])[0] ?? '')?.[1];
    const colours = functionIds.map((id) => colourOf(id, functionIds));
    expect(new Set(colours).size).toBe(2);
    expect(colours).not.toContain('31');
    expect(functionIds.map((id) => colourOf(id, [message, connect]))).toEqual(colours);
  });

  it.each([
    [101, '32'],
    [401, '33'],
    [403, '33'],
    [500, '31'],
  ])('shows a handshake with %d in its colour', (status, colour) => {
    expect(print([{ kind: 'handshake', status, reason: 'why' }], true)[0]).toContain(`\u001b[${colour}m${status} why`);
  });

  it('removes control characters of client input', () => {
    expect(print([output(connect, '\u001b[2Jgone \u009b31mred\u0008.')])).toEqual([
      '17:04:05  Connect       gone red .',
    ]);
  });
});

describe("a function's line", () => {
  it.each([
    ['START RequestId: 1 Version: $LATEST', undefined],
    ['END RequestId: 1', undefined],
    ['INIT_START Runtime Version: nodejs:24.v1\tRuntime Version ARN: arn:aws:lambda', undefined],
    ['{"time":"2026-11-23T17:00:00.000Z","type":"platform.start","record":{"requestId":"1"}}', undefined],
    [
      `REPORT RequestId: ${requestId}\tDuration: 1.26 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 67 MB\t`,
      '1.26 ms',
    ],
    [
      `REPORT RequestId: ${requestId}\tDuration: 1.26 ms\tBilled Duration: 155 ms\tMemory Size: 128 MB\tInit Duration: 153.19 ms\t`,
      '1.26 ms  cold start 153 ms',
    ],
    [
      '{"type":"platform.report","record":{"requestId":"1","metrics":{"durationMs":2.5,"initDurationMs":80.1},"status":"success"}}',
      '2.5 ms  cold start 80 ms',
    ],
    [`2026-11-23T17:00:00.000Z\t${requestId}\tINFO\thello  there`, 'INFO  hello  there'],
    ['2026-11-23T17:00:00.000Z\tundefined\tWARN\ttoo slow', 'WARN  too slow'],
    [
      `2026-11-23T17:00:00.000Z\t${requestId}\tERROR\tInvoke Error\t{"errorType":"TypeError","errorMessage":"no","stack":[]}`,
      'ERROR Invoke Error  TypeError  no',
    ],
    [`2026-11-23T17:00:00.000Z\t${requestId}\tINFO\t{"level":"INFO"}`, 'INFO  {"level":"INFO"}'],
    [`2026-11-23T17:00:00.000Z ${requestId} Task timed out after 3.00 seconds`, 'Task timed out after 3.00 seconds'],
    [
      `RequestId: ${requestId} Error: Runtime exited with error: exit status 1\nRuntime.ExitError`,
      'Runtime exited with error: exit status 1\nRuntime.ExitError',
    ],
    ['{"level":"INFO","message":"refused","code":4009,"reason":"","connectionId":"abc="}', 'INFO  refused  4009  abc='],
    ['{"message":"plain"}', 'plain'],
    ['{"routeKey":"$connect"}', '{"routeKey":"$connect"}'],
    ['{"broken', '{"broken'],
    ['null', 'null'],
    ['plain text', 'plain text'],
  ])('%s becomes %s', (line, text) => {
    expect(readFunctionLine(line)?.text).toBe(text);
  });

  it.each([
    ['ERROR', 'red'],
    ['FATAL', 'red'],
    ['WARN', 'yellow'],
    ['INFO', 'dim'],
    ['DEBUG', 'dim'],
  ])('with %s is %s', (level, style) => {
    expect(readFunctionLine(`2026-11-23T17:00:00.000Z\t${requestId}\t${level}\tx`)?.style).toBe(style);
    expect(readFunctionLine(`{"level":"${level}","message":"x"}`)?.style).toBe(style);
  });
});

describe('colours', () => {
  it.each([
    ['on a terminal', true, {}, true],
    ['in a file', false, {}, false],
    ['on a dumb terminal', true, { TERM: 'dumb' }, false],
    ['with NO_COLOR', true, { NO_COLOR: '1' }, false],
    ['with an empty NO_COLOR', true, { NO_COLOR: '' }, true],
    ['in a file with FORCE_COLOR', false, { FORCE_COLOR: '1' }, true],
    ['with both', false, { FORCE_COLOR: '', NO_COLOR: '1' }, true],
    ['with FORCE_COLOR=0', true, { FORCE_COLOR: '0' }, false],
  ])('%s', (_, isTTY, environment, isWanted) => {
    expect(wantsColour({ isTTY }, environment)).toBe(isWanted);
  });
});
