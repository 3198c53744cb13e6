import { element } from './elements.js';
import { maskedText, pieces, secret } from './secrets.js';

export function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const token = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b/g;

/** Indented when it is JSON, as it is when not; what looks secret is hidden. */
export function pretty(text) {
  const value = parseJson(text);
  const isJson = typeof value === 'object' && value !== null;
  const shown = isJson ? JSON.stringify(value, null, 2) : text;
  const nodes = pieces(shown).flatMap((piece) => {
    if (typeof piece !== 'string') return [secret(piece.name, piece.value)];
    return isJson ? colored(piece) : [piece];
  });
  return element('pre', { tabindex: 0 }, nodes);
}

function colored(text) {
  const nodes = [];
  let done = 0;
  for (const { 0: whole, 1: string, 2: colon, index } of text.matchAll(token)) {
    nodes.push(text.slice(done, index));
    if (string === undefined) nodes.push(element('span.literal', {}, whole));
    else nodes.push(element(colon === undefined ? 'span.string' : 'span.name', {}, string), colon ?? '');
    done = index + whole.length;
  }
  return [...nodes, text.slice(done)];
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
  const kept = new TextEncoder().encode(text).length;
  const more = bytes > kept && element('p.soft', {}, `Cut: ${size(kept)} of ${size(bytes)} are kept here.`);
  if (text === '') return element('p.soft', {}, 'Empty.');
  return element('div', {}, pretty(text), more);
}
