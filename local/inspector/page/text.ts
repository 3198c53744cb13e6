import { type Child, element } from './elements.ts';

/** Names whose values stay hidden, for example in screenshots. */
const secretName =
  /token|secret|cookie|seal|passw|passphrase|authori[sz]ation|credential|api[-_]?key|private[-_]?key|session[-_]?id|sessid|ticket|jti|signature|^auth$/i;

export const looksSecret = (name: string) => secretName.test(name);

/** Revealed values stay visible until the page is reloaded. */
const revealed = new Set<string>();

/** Shows dots until a click. Before it, the page does not contain the value. */
export function secret(name: string, value: string): HTMLElement {
  if (value === '' || revealed.has(value)) return element('span', {}, value);
  const label = `${name}: hidden, show it`;
  const button = element('button.secret', { type: 'button', title: 'Show it', 'aria-label': label }, '••••••••');
  button.addEventListener('click', (event) => {
    event.stopPropagation();
    revealed.add(value);
    button.replaceWith(element('span.revealed', { tabindex: -1 }, value));
  });
  return button;
}

/**
 * A name and the opening quote of its value. The JSON may be nested in a JSON string (then its quotes have backslashes),
 * and the value may be in a list.
 */
const opening = /(\\*)"([^"\\]{1,80})\1"\s*:\s*(?:\[\s*)?\1"/g;

/** Matches up to the closing quote, which has as many backslashes as the opening one, or up to the end of a cut text. */
const valueAfter = (backslashes: number) =>
  new RegExp(`(?:(?!${'\\\\'.repeat(backslashes)}")(?:\\\\+[\\s\\S]|[^\\\\]))*`, 'y');

interface SecretPiece {
  readonly name: string;
  readonly value: string;
}

/** Splits the text: plain pieces are strings, values under secret-looking names are objects. */
function pieces(text: string): (string | SecretPiece)[] {
  const found: (string | SecretPiece)[] = [];
  let done = 0;
  for (const { 0: whole, 1: backslashes = '', 2: name = '', index } of text.matchAll(opening)) {
    const from = index + whole.length;
    if (!looksSecret(name) || from < done) continue;
    const pattern = valueAfter(backslashes.length);
    pattern.lastIndex = from;
    const [value] = pattern.exec(text) ?? [''];
    if (value === '') continue;
    found.push(text.slice(done, from), { name, value });
    done = from + value.length;
  }
  found.push(text.slice(done));
  return found;
}

/** Text with buttons instead of secrets. */
function hidden(text: string): (string | HTMLElement)[] {
  return pieces(text).map((piece) => (typeof piece === 'string' ? piece : secret(piece.name, piece.value)));
}

/** For a row: dots as plain text, because a row is already a button. */
export function maskedText(text: string): string {
  return pieces(text)
    .map((piece) => (typeof piece === 'string' ? piece : '••••••'))
    .join('');
}

/** The text on one line. */
export function preview(text: string): string {
  return text === '' ? 'empty' : maskedText(text.slice(0, 400)).replaceAll(/\s+/g, ' ');
}

export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

/** @returns undefined if the text is not JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const token = /"((?:[^"\\]|\\.)*)"(\s*:)?|\b(?:true|false|null)\b|-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b/g;

/** Indents JSON, shows other text unchanged, and hides secrets. */
export function pretty(text: string): HTMLElement {
  const value = parseJson(text);
  const isJson = typeof value === 'object' && value !== null;
  return element('pre', { tabindex: 0 }, isJson ? colored(JSON.stringify(value, null, 2)) : hidden(text));
}

function colored(json: string): Child[] {
  const nodes: Child[] = [];
  let done = 0;
  let name = '';
  for (const { 0: whole, 1: string, 2: colon, index } of json.matchAll(token)) {
    nodes.push(json.slice(done, index));
    done = index + whole.length;
    if (colon !== undefined) {
      name = string ?? '';
      nodes.push(element('span.name', {}, `"${name}"`), colon);
    } else if (looksSecret(name)) nodes.push(secret(name, whole));
    else if (string !== undefined) nodes.push(element('span.string', {}, hidden(whole)));
    else nodes.push(element('span.literal', {}, whole));
  }
  return [...nodes, json.slice(done)];
}

/** The text, with a note if it was cut. */
export function body(text: string, bytes: number): HTMLElement {
  if (text === '') return element('p.soft', {}, 'Empty.');
  const kept = new TextEncoder().encode(text).length;
  const cut = bytes > kept && element('p.soft', {}, `The first ${size(kept)} of ${size(bytes)}.`);
  return element('div', {}, pretty(text), cut);
}

/** Whether Lambda itself wrote the line, as text or JSON. */
const isPlatformLine = (text: string) =>
  /^(?:(?:INIT_START|START|END|REPORT|INIT_REPORT) |\{"time":"[^"]*","type":"platform\.)/.test(text);

/** Such lines are hidden: the waiting invocation already shows the cold start. */
export const isInitStart = (text: string) => /^INIT_START |^\{"time":"[^"]*","type":"platform\.initStart"/.test(text);

/** Lambda's format of console output: `2026-11-23T17:00:00.000Z\t<request id>\tINFO\thello`. */
const prefix = /^\d{4}-\d\d-\d\dT[\d:.]+Z\t[\w-]*\t([A-Z]+)\t/;

/** The runtime's format of an error: `Invoke Error\t{"errorType":…}`. https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html */
const error = /^([A-Z][A-Za-z ]+)\s+(\{[\s\S]*\})$/;

/** Fields that are the same in every line of a logger. */
const usual =
  /^(?:level|message|msg|time|timestamp|service|cold_start|function_.*|xray_trace_id|sampling_rate|requestId)$/;

/**
 * Summarizes a JSON line: level and message, from the fields that loggers use, then the remaining fields. A metric in the
 * embedded format needs no message.
 */
export function summary(text: string): string {
  const [before, consoleLevel] = prefix.exec(text) ?? [];
  if (before !== undefined) return `${consoleLevel} ${summary(text.slice(before.length))}`;
  const line = parseJson(text);
  if (typeof line !== 'object' || line === null) return errorMessage(text) ?? preview(text);
  const { level, message, msg = message ?? ('_aws' in line ? '' : undefined) } = line as Record<string, unknown>;
  if (typeof msg !== 'string') return preview(text);
  const rest = Object.entries(line)
    .filter(([name, value]) => !usual.test(name) && (typeof value !== 'object' || value === null))
    .map(([name, value]) => `${name}=${looksSecret(name) ? '••••••' : value}`);
  return [typeof level === 'string' ? level : '', maskedText(msg), ...rest].filter(Boolean).join(' ');
}

function errorMessage(text: string): string | undefined {
  const [, what = '', json = ''] = error.exec(text) ?? [];
  const { errorMessage: message } = Object(parseJson(json)) as { errorMessage?: unknown };
  return typeof message === 'string' ? `${what.trim()}: ${maskedText(message)}` : undefined;
}

/** The lines that Node.js prints around a fatal error: stack, error fields, Node's version. */
const crashDumpLine = /^(?:\s|$|[}\]]|Node\.js v\d)/;

/** The function's last own line, preferably not one of a crash dump. */
export function lastLine(lines: readonly { readonly text: string }[]): string | undefined {
  const own = lines.map(({ text }) => text).filter((text) => !isPlatformLine(text));
  return own.findLast((text) => !crashDumpLine.test(text)) ?? own.at(-1);
}

/** A log line. JSON and long lines can be unfolded. */
export function logLine(whole: string, bytes: number): HTMLElement {
  const text = whole.replace(prefix, '');
  const json = error.exec(text)?.[2] ?? text;
  const isJson = typeof parseJson(json) === 'object';
  if (!isJson && text.length <= 300) {
    const isOwn = !isPlatformLine(text);
    return element(
      isOwn ? 'code' : 'code.lambdas',
      { title: isOwn ? undefined : text },
      maskedText(whole.replace(prefix, '$1 ')),
    );
  }
  const head = element('summary', {}, element('code', {}, shortened(summary(whole))));
  return element('details', {}, head, isJson ? pretty(json) : body(whole, bytes));
}

const shortened = (text: string) => (text.length <= 160 ? text : `${text.slice(0, 160)}…`);
