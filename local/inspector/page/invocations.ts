import type { InvocationRecord, LineRecord } from '../records.ts';
import { type Child, duration, element, exactAndAgo, exactTime, time } from './elements.ts';
import { functionName, type Mirror, newest, principalOf } from './mirror.ts';
import { type Detail, type Fact, facts, type Group, type Navigation, type Row, section } from './panes.ts';
import { body, isInitStart, lastLine, logLine, summary } from './text.ts';

export function invocationGroups({ tables }: Mirror): Group[] {
  const lines = linesByRequest(tables.lines.values());
  const invocations = newest(tables.invocations).map(([key, invocation]) => ({
    at: invocation.at,
    row: invocationRow(key, invocation, lines.get(key) ?? []),
  }));
  const strays = newest(tables.lines)
    .filter(([, { requestId, text }]) => requestId === undefined && !isInitStart(text))
    .map(([key, line]) => ({ at: line.at, row: strayRow(key, line) }));
  const rows = [...invocations, ...strays].sort((left, right) => right.at - left.at).map(({ row }) => row);
  return [{ key: 'invocations', rows }];
}

export function invocationsOf({ tables }: Mirror, id: string): [string, InvocationRecord][] {
  return [...tables.invocations].filter(([, { connectionId }]) => connectionId === id);
}

function linesByRequest(lines: Iterable<LineRecord>): Map<string | undefined, LineRecord[]> {
  const byRequest = new Map<string | undefined, LineRecord[]>();
  for (const line of lines) {
    const found = byRequest.get(line.requestId);
    if (found === undefined) byRequest.set(line.requestId, [line]);
    else found.push(line);
  }
  return byRequest;
}

function invocationRow(key: string, invocation: InvocationRecord, lines: readonly LineRecord[]): Row {
  const { at, connectionId, isCold, durationMs, errorType } = invocation;
  const words = lastLine(lines);
  return {
    key,
    connectionId,
    isFailed: errorType !== undefined,
    text: () =>
      `${invocation.function} ${key} ${isCold ? 'cold' : ''} ${errorType ?? ''} ${connectionId ?? ''} ${lines.map(({ text }) => text).join(' ')}`,
    mark: `${durationMs} ${errorType} ${lines.length}`,
    className: errorType === undefined ? 'of-invocation' : 'of-invocation has-error',
    draw: () => [
      element('span.when', {}, time(at, 'exact')),
      element('span.name', { title: invocation.function }, functionName(invocation.function)),
      element(
        'span.main',
        {},
        errorType && element('b.bad', {}, `${errorType} `),
        words && element('code.soft', {}, summary(words)),
      ),
      element('span.rest', {}, isCold && element('span.badge.cold', {}, 'cold')),
      ...durationCells(invocation),
    ],
  };
}

function durationCells({ durationMs = 0, finishedAt }: InvocationRecord): HTMLElement[] {
  if (finishedAt === undefined) return [element('span.bar'), element('span.took.running', {}, 'running')];
  const bar = element('i');
  // Logarithmic from 1 ms to 10 s, so that warm calls are visible beside cold ones.
  bar.style.inlineSize = `${Math.min(100, Math.max(4, Math.log10(Math.max(1, durationMs)) * 25))}%`;
  return [element('span.bar', { 'aria-hidden': 'true' }, bar), element('span.took', {}, duration(durationMs))];
}

/** A line that a function writes outside an invocation, for example during its start. */
function strayRow(key: string, { at, function: name, text }: LineRecord): Row {
  return {
    key: `line ${key}`,
    text: () => `${name} ${text}`,
    mark: '',
    className: 'of-invocation of-line',
    draw: () => [
      element('span.when', {}, time(at, 'exact')),
      element('span.name', { title: name }, functionName(name)),
      element('span.main', {}, element('code.soft', {}, summary(text))),
    ],
  };
}

export function invocationsEmpty(): Node[] {
  return [
    element(
      'div.empty',
      {},
      element('h2', {}, 'No function has run yet'),
      element(
        'p',
        {},
        'The first handshake runs the authorizer and the $connect function. Open a socket; the connections view shows how.',
      ),
      element('p.soft', {}, 'This view shows the log, duration and cold start of each invocation.'),
    ),
  ];
}

export function invocationDetail(mirror: Mirror, key: string, { open }: Navigation): Detail | undefined {
  if (key.startsWith('line ')) return lineDetail(mirror, key.slice('line '.length));
  const invocation = mirror.tables.invocations.get(key);
  if (invocation === undefined) return undefined;
  const { connectionId = '', lines, finishedAt } = invocation;
  const connection = mirror.tables.connections.get(connectionId);
  const openConnection = () => open('connections', connectionId);
  return {
    title: functionName(invocation.function),
    mark: `${key} ${finishedAt} ${lines} ${connection === undefined}`,
    draw: () => [
      facts([
        ...invocationFacts(invocation),
        [
          'For',
          connection && element('button.link', { type: 'button', onclick: openConnection }, principalOf(connection)),
        ],
        ['Connection', connectionId && element('code', {}, connectionId)],
        ['Request id', element('code', {}, key)],
        ['Logical id', element('code', {}, invocation.function)],
      ]),
      section('Log', logLines(mirror, key, invocation)),
    ],
  };
}

function invocationFacts(invocation: InvocationRecord): Fact[] {
  const { at, maxMemoryMb } = invocation;
  return [
    ...mainFacts(invocation),
    ['Memory', maxMemoryMb === undefined ? undefined : `${Math.ceil(maxMemoryMb)} MB at most`],
    ['When', exactAndAgo(at)],
  ];
}

function mainFacts({ isCold, finishedAt, durationMs, initMs, errorType }: InvocationRecord): Fact[] {
  return [
    ['Outcome', outcome(finishedAt, errorType)],
    ['Took', durationMs === undefined ? undefined : duration(durationMs)],
    ['Start', isCold ? `cold${initMs === undefined ? '' : `, ${duration(initMs)} to load`}` : 'warm'],
  ];
}

function outcome(finishedAt: number | undefined, errorType: string | undefined): Child {
  if (finishedAt === undefined) return 'still running';
  return errorType === undefined ? element('span.good', {}, 'returned') : element('b.bad', {}, errorType);
}

/** An invocation inside other details. */
export function invocationLogs(mirror: Mirror, key: string, invocation: InvocationRecord): HTMLElement {
  return section(functionName(invocation.function), facts(mainFacts(invocation)), logLines(mirror, key, invocation));
}

function lineDetail({ tables }: Mirror, key: string): Detail | undefined {
  const line = tables.lines.get(key);
  if (line === undefined) return undefined;
  return {
    title: functionName(line.function),
    mark: key,
    draw: () => [
      element('p.soft', {}, 'Written outside an invocation, or by an unknown one.'),
      facts([
        ['When', exactAndAgo(line.at)],
        ['Logical id', element('code', {}, line.function)],
      ]),
      section('Line', body(line.text, line.bytes)),
    ],
  };
}

export function linesOf({ tables }: Mirror, id: string): LineRecord[] {
  return [...tables.lines.values()].filter(({ requestId }) => requestId === id);
}

/** Lambda's own first line can arrive before the invocation is reported. */
export const sinceStart = (ms: number) => `+${Math.max(0, Math.round(ms))} ms`;

/** The log of an invocation, each line with its time since the start. */
function logLines(mirror: Mirror, id: string, { at, lines: written }: InvocationRecord): HTMLElement {
  const lines = linesOf(mirror, id);
  if (lines.length === 0 && written === 0) return element('p.soft', {}, 'No log lines.');
  // A line that arrived before the invocation was reported is not counted.
  const lost = Math.max(0, written - lines.length);
  const rows = lines.map((line) =>
    element(
      'li',
      {},
      element('span.when', { title: exactTime(line.at) }, sinceStart(line.at - at)),
      logLine(line.text, line.bytes),
    ),
  );
  return element(
    'div',
    {},
    element('ol.log', { role: 'list' }, rows),
    lost > 0 && element('p.soft', {}, `${lost} more ${lost === 1 ? 'line is' : 'lines are'} not kept here.`),
  );
}
