import { facts, section } from './details.js';
import { element } from './elements.js';
import { body } from './json.js';
import { isInitStart, lastWords, logLines, summary } from './log-lines.js';
import { newest } from './mirror.js';
import { functionName, who } from './names.js';
import { duration, time } from './times.js';

export function invocationGroups({ tables }) {
  const lines = linesByRequest(tables);
  const invocations = newest(tables.invocations).map((entry) => invocationRow(entry, lines.get(entry[0]) ?? []));
  const strays = newest(tables.lines)
    .filter(([, { requestId, text }]) => requestId === undefined && !isInitStart(text))
    .map(strayRow);
  return [{ key: 'invocations', rows: [...invocations, ...strays].sort((left, right) => right.at - left.at) }];
}

export function invocationsOf({ tables }, id) {
  return [...tables.invocations].filter(([, { connectionId }]) => connectionId === id);
}

function linesByRequest({ lines }) {
  const byRequest = new Map();
  for (const line of lines.values()) {
    const found = byRequest.get(line.requestId);
    if (found === undefined) byRequest.set(line.requestId, [line]);
    else found.push(line);
  }
  return byRequest;
}

function invocationRow([key, invocation], lines) {
  const { at, connectionId, isCold, durationMs, errorType } = invocation;
  const words = lastWords(lines);
  return {
    key,
    at,
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
      ...took(invocation),
    ],
  };
}

function took({ durationMs, finishedAt }) {
  if (finishedAt === undefined) return [element('span.bar'), element('span.took.running', {}, 'running')];
  const bar = element('i');
  // By its magnitude, 1 ms to 10 s: a warm call is seen beside a cold one.
  bar.style.inlineSize = `${Math.min(100, Math.max(4, Math.log10(Math.max(1, durationMs)) * 25))}%`;
  return [element('span.bar', { 'aria-hidden': 'true' }, bar), element('span.took', {}, duration(durationMs))];
}

/** What a function writes outside of an invocation, as it does while it starts. */
function strayRow([key, { at, function: name, text }]) {
  return {
    key: `line ${key}`,
    at,
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

export function invocationsEmpty() {
  return [
    element(
      'div.empty',
      {},
      element('h2', {}, 'No function has run yet'),
      element(
        'p',
        {},
        'The first handshake runs the authorizer and the $connect function. Open a socket; the connections view says how.',
      ),
      element('p.soft', {}, 'What each wrote, how long it took, and whether it had to start first, is shown here.'),
    ),
  ];
}

export function invocationDetail(app, key) {
  if (key.startsWith('line ')) return lineDetail(app, key.slice('line '.length));
  const invocation = app.mirror.tables.invocations.get(key);
  if (invocation === undefined) return undefined;
  const { connectionId, lines, finishedAt } = invocation;
  const connection = app.mirror.tables.connections.get(connectionId);
  const open = () => app.open('connections', connectionId);
  return {
    title: functionName(invocation.function),
    mark: `${key} ${finishedAt} ${lines} ${connection === undefined}`,
    draw: () => [
      facts([
        ...invocationFacts(invocation),
        ['For', connection && element('button.link', { type: 'button', onclick: open }, who(connection))],
        ['Connection', connectionId && element('code', {}, connectionId)],
        ['Request id', element('code', {}, key)],
        ['Logical id', element('code', {}, invocation.function)],
      ]),
      section('What it wrote', logLines(app.mirror, key, invocation)),
    ],
  };
}

function invocationFacts({ at, isCold, finishedAt, durationMs, initMs, maxMemoryMb, errorType }) {
  return [
    ['Outcome', outcome(finishedAt, errorType)],
    ['Took', durationMs === undefined ? undefined : duration(durationMs)],
    ['Start', isCold ? `cold${initMs === undefined ? '' : `, ${duration(initMs)} to load`}` : 'warm'],
    ['Memory', maxMemoryMb === undefined ? undefined : `${Math.ceil(maxMemoryMb)} MB at most`],
    ['When', [time(at, 'exact'), ' ', element('span.soft', {}, time(at, 'ago'))]],
  ];
}

function outcome(finishedAt, errorType) {
  if (finishedAt === undefined) return 'still running';
  return errorType === undefined ? element('span.good', {}, 'returned') : element('b.bad', {}, errorType);
}

/** An invocation inside of the details of something else. */
export function invocationLogs(mirror, key, invocation) {
  const [outcome, took, start] = invocationFacts(invocation);
  return section(functionName(invocation.function), facts([outcome, took, start]), logLines(mirror, key, invocation));
}

function lineDetail({ mirror }, key) {
  const line = mirror.tables.lines.get(key);
  if (line === undefined) return undefined;
  return {
    title: functionName(line.function),
    mark: key,
    draw: () => [
      element('p.soft', {}, 'Written outside of an invocation, or by one that is not known.'),
      facts([
        ['When', [time(line.at, 'exact'), ' ', element('span.soft', {}, time(line.at, 'ago'))]],
        ['Logical id', element('code', {}, line.function)],
      ]),
      section('Line', body(line.text, line.bytes)),
    ],
  };
}
