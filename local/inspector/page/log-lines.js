import { element } from './elements.js';
import { body, parseJson, pretty, preview } from './json.js';
import { looksSecret, maskedText } from './secrets.js';
import { time } from './times.js';

/** Lines that Lambda itself writes around an invocation, as text or as JSON. */
const isLambdas = (text) =>
  /^(?:(?:INIT_START|START|END|REPORT|INIT_REPORT) |\{"time":"[^"]*","type":"platform\.)/.test(text);

/** That an environment starts is said by the invocation that waited for it. */
export const isInitStart = (text) => /^INIT_START |^\{"time":"[^"]*","type":"platform\.initStart"/.test(text);

/** `2026-11-23T17:00:00.000Z\t<request id>\tINFO\thello`, which is how Lambda writes what goes to the console. */
const prefix = /^\d{4}-\d\d-\d\dT[\d:.]+Z\t[\w-]*\t([A-Z]+)\t/;

/** `Invoke Error\t{"errorType":…}`: what the runtime writes of an error. https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html */
const error = /^([A-Z][A-Za-z ]+)\s+(\{[\s\S]*\})$/;

/** Fields that say the same in every line of a logger. */
const usual =
  /^(?:level|message|msg|time|timestamp|service|cold_start|function_.*|xray_trace_id|sampling_rate|requestId)$/;

/**
 * Of a JSON line the level and the message, in the fields that loggers use for them, and then what is particular. A metric in the embedded
 * format needs no message.
 */
export function summary(text) {
  const [before, ofConsole] = prefix.exec(text) ?? [];
  if (before !== undefined) return `${ofConsole} ${summary(text.slice(before.length))}`;
  const line = parseJson(text);
  if (typeof line !== 'object' || line === null) return errorMessage(text) ?? preview(text);
  const { level, message, msg = message ?? ('_aws' in line ? '' : undefined) } = line;
  if (typeof msg !== 'string') return preview(text);
  const rest = Object.entries(line)
    .filter(([name, value]) => !usual.test(name) && (typeof value !== 'object' || value === null))
    .map(([name, value]) => `${name}=${looksSecret(name) ? '••••••' : value}`);
  return [typeof level === 'string' ? level : '', maskedText(msg), ...rest].filter(Boolean).join(' ');
}

function errorMessage(text) {
  const [, what, json] = error.exec(text) ?? [];
  const message = Object(parseJson(json ?? '')).errorMessage;
  return typeof message === 'string' ? `${what.trim()}: ${maskedText(message)}` : undefined;
}

/** What Node.js prints around the error that it dies of: the stack, the fields of the error, its version. */
const ofDump = /^(?:\s|$|[}\]]|Node\.js v\d)/;

/** The last line of the function's own, if possible one that says something by itself. */
export function lastWords(lines) {
  const own = lines.map(({ text }) => text).filter((text) => !isLambdas(text));
  return own.findLast((text) => !ofDump.test(text)) ?? own.at(-1);
}

export function linesOf({ tables }, id) {
  return [...tables.lines.values()].filter(({ requestId }) => requestId === id);
}

/** Lambda's own first line can be told a moment before the invocation is. */
export const sinceStart = (ms) => `+${Math.max(0, Math.round(ms))} ms`;

/** What an invocation wrote, each line with its time since the start. */
export function logLines(mirror, id, { at, lines: written }) {
  const lines = linesOf(mirror, id);
  if (lines.length === 0 && written === 0) return element('p.soft', {}, 'It wrote nothing.');
  // One that came before it was told that the invocation had begun is not counted.
  const lost = Math.max(0, written - lines.length);
  const rows = lines.map((line) =>
    element(
      'li',
      {},
      element('span.when', { title: time(line.at, 'exact').textContent }, sinceStart(line.at - at)),
      logText(line),
    ),
  );
  return element(
    'div',
    {},
    element('ol.log', { role: 'list' }, rows),
    lost > 0 && element('p.soft', {}, `${lost} more ${lost === 1 ? 'line is' : 'lines are'} not kept here.`),
  );
}

/** JSON unfolds, and so does a long line; a short one is all there already. */
function logText({ text: whole, bytes }) {
  const text = whole.replace(prefix, '');
  const json = error.exec(text)?.[2] ?? text;
  const isJson = typeof parseJson(json) === 'object';
  if (!isJson && text.length <= 300) {
    const isOwn = !isLambdas(text);
    return element(
      isOwn ? 'code' : 'code.lambdas',
      { title: isOwn ? undefined : text },
      maskedText(whole.replace(prefix, '$1 ')),
    );
  }
  const head = element('summary', {}, element('code', {}, shortened(summary(whole))));
  return element('details', {}, head, isJson ? pretty(json) : body(whole, bytes));
}

const shortened = (text) => (text.length <= 160 ? text : `${text.slice(0, 160)}…`);
