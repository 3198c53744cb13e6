import { element } from './elements.js';
import { looksSecret, maskedText, pieces, secret } from './secrets.js';

export function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const token = /"((?:[^"\\]|\\.)*)"(\s*:)?|\b(?:true|false|null)\b|-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b/g;

/** Indented when it is JSON, as it is when not; what looks secret is hidden. */
export function pretty(text) {
  const value = parseJson(text);
  const isJson = typeof value === 'object' && value !== null;
  return element('pre', { tabindex: 0 }, isJson ? colored(JSON.stringify(value, null, 2)) : hidden(text));
}

function colored(json) {
  const nodes = [];
  let done = 0;
  let name = '';
  for (const { 0: whole, 1: string, 2: colon, index } of json.matchAll(token)) {
    nodes.push(json.slice(done, index));
    done = index + whole.length;
    if (colon !== undefined) {
      name = string;
      nodes.push(element('span.name', {}, `"${string}"`), colon);
    } else if (looksSecret(name)) nodes.push(secret(name, whole));
    else if (string !== undefined) nodes.push(element('span.string', {}, hidden(whole)));
    else nodes.push(element('span.literal', {}, whole));
  }
  return [...nodes, json.slice(done)];
}

/** Text, and buttons in the places of secrets. */
function hidden(text) {
  return pieces(text).map((piece) => (typeof piece === 'string' ? piece : secret(piece.name, piece.value)));
}

/** One line of it. */
export function preview(text) {
  return text === '' ? 'empty' : maskedText(text.slice(0, 400)).replaceAll(/\s+/g, ' ');
}

export function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

/** The text, and that there was more of it. */
export function body(text, bytes) {
  if (text === '') return element('p.soft', {}, 'Empty.');
  const kept = new TextEncoder().encode(text).length;
  const cut = bytes > kept && element('p.soft', {}, `The first ${size(kept)} of ${size(bytes)}.`);
  return element('div', {}, pretty(text), cut);
}
