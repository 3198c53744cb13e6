import { facts, section } from './details.js';
import { element } from './elements.js';
import { body, parseJson, pretty, preview } from './json.js';
import { newest } from './mirror.js';
import { functionName, who } from './names.js';
import { maskedText } from './secrets.js';
import { duration, time } from './times.js';

export function invocationGroups({ tables }) {
  const lines = linesByRequest(tables);
  const invocations = newest(tables.invocations).map((entry) => invocationRow(entry, lines.get(entry[0]) ?? []));
  const strays = newest(tables.lines)
    .filter(([, { requestId }]) => requestId === undefined)
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
  const name = functionName(invocation.function);
  const last = lines.findLast(({ text }) => !isLambdas(text));
  return {
    key,
    at,
    connectionId,
    isFailed: errorType !== undefined,
    text: `${invocation.function} ${key} ${isCold ? 'cold' : ''} ${errorType ?? ''} ${connectionId ?? ''} ${lines.map(({ text }) => text).join(' ')}`,
    mark: `${durationMs} ${errorType} ${lines.length}`,
    className: errorType === undefined ? 'of-invocation' : 'of-invocation has-error',
    draw: () => [
      element('span.when', {}, time(at, 'exact')),
      element('span.name', { title: invocation.function }, name),
      element(
        'span.main',
        {},
        errorType && element('b.bad', {}, `${errorType} `),
        last && element('code.soft', {}, summary(last.text)),
      ),
      element('span.rest', {}, isCold && element('span.badge.cold', {}, 'cold')),
      took(invocation),
    ],
  };
}

function took({ durationMs, finishedAt }) {
  if (finishedAt === undefined) return element('span.took.running', {}, 'running');
  const bar = element('i', { 'aria-hidden': 'true' });
  // By its root: a warm call of 2 ms is seen beside a cold one of 400 ms.
  bar.style.inlineSize = `${Math.min(100, Math.sqrt(durationMs / 1000) * 100)}%`;
  return element('span.took', {}, duration(durationMs), bar);
}

/** What a function writes outside of an invocation, as it does while it starts. */
function strayRow([key, { at, function: name, text, bytes }]) {
  return {
    key: `line ${key}`,
    at,
    text: `${name} ${text}`,
    mark: '',
    className: 'of-invocation of-line',
    draw: () => [
      element('span.when', {}, time(at, 'exact')),
      element('span.name', { title: name }, functionName(name)),
      element('span.main', {}, element('code.soft', {}, summary(text))),
      element('span.rest.soft', {}, bytes > 0 ? 'line' : ''),
      element('span.took'),
    ],
  };
}

export function invocationsEmpty({ webSocketUrls }) {
  return [
    element(
      'div.empty',
      {},
      element('h2', {}, 'No function has run yet'),
      element('p', {}, 'The first handshake runs the authorizer and the $connect function:'),
      ...webSocketUrls.map((url) => element('pre', { tabindex: 0 }, `npx wscat -c '${url}'`)),
      element('p.soft', {}, 'What each wrote, how long it took and whether it had to start first is shown here.'),
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
        ['Request id', element('code', {}, key)],
        ['For', connection && element('button.link', { type: 'button', onclick: open }, who(connection))],
        ['Connection', connectionId && element('code', {}, connectionId)],
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
    ['Memory', maxMemoryMb === undefined ? undefined : `${maxMemoryMb} MB at most`],
    ['When', [time(at, 'exact'), ' ', element('span.soft', {}, time(at, 'ago'))]],
  ];
}

function outcome(finishedAt, errorType) {
  if (finishedAt === undefined) return 'still running';
  return errorType === undefined ? element('span.good', {}, 'returned') : element('b.bad', {}, errorType);
}

/** An invocation inside of the details of something else. */
export function invocationLogs(mirror, key, invocation) {
  return section(
    functionName(invocation.function),
    facts(invocationFacts(invocation).slice(0, 3)),
    logLines(mirror, key, invocation),
  );
}

function logLines({ tables }, key, { at, lines: written }) {
  const lines = [...tables.lines.values()].filter(({ requestId }) => requestId === key);
  if (written === 0) return element('p.soft', {}, 'Nothing.');
  const lost = written - lines.length;
  return element(
    'div',
    {},
    element(
      'ol.log',
      {},
      lines.map((line) =>
        element('li', {}, element('span.when', {}, `+${Math.round(line.at - at)} ms`), logText(line)),
      ),
    ),
    lost > 0 && element('p.soft', {}, `${lost} more ${lost === 1 ? 'line is' : 'lines are'} no longer kept here.`),
  );
}

/** JSON unfolds; a line of text is all there already. */
function logText({ text, bytes }) {
  const value = parseJson(text);
  if (typeof value === 'object' && value !== null)
    return element('details', {}, element('summary', {}, element('code', {}, summary(text))), pretty(text));
  if (text.length > 300)
    return element('details', {}, element('summary', {}, element('code', {}, preview(text))), body(text, bytes));
  return element(isLambdas(text) ? 'code.soft' : 'code', {}, maskedText(text));
}

/** Lines that Lambda itself writes around an invocation. */
const isLambdas = (text) => /^(?:INIT_START|START|END|REPORT|INIT_REPORT) /.test(text);

/** Of a JSON line the level and the message, in the fields that loggers use for them. */
function summary(text) {
  const line = Object(parseJson(text));
  const { level, message, msg = message } = line;
  if (typeof msg === 'string') return `${typeof level === 'string' ? `${level} ` : ''}${msg}`;
  return preview(text);
}

function lineDetail({ mirror }, key) {
  const line = mirror.tables.lines.get(key);
  if (line === undefined) return undefined;
  return {
    title: functionName(line.function),
    mark: key,
    draw: () => [
      facts([
        ['When', [time(line.at, 'exact'), ' ', element('span.soft', {}, time(line.at, 'ago'))]],
        ['Logical id', element('code', {}, line.function)],
      ]),
      element('p.soft', {}, 'Written outside of an invocation, or by one that is not known.'),
      section('Line', body(line.text, line.bytes)),
    ],
  };
}
