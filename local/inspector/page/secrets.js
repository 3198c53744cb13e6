import { element } from './elements.js';

/** Names whose values are not for everybody who looks over a shoulder, or at a screenshot. */
const secretName =
  /token|secret|cookie|seal|passw|passphrase|authori[sz]ation|credential|api[-_]?key|private[-_]?key|session[-_]?id|sessid|ticket|jti|signature|^auth$/i;

export const looksSecret = (name) => secretName.test(name);

/** Stays revealed for as long as the page lives. */
const revealed = new Set();

/** Dots in the place of the value until they are clicked; the value is not even in the page before. */
export function secret(name, value) {
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
 * A name and the quote that opens its text, in JSON that may itself lie in a string of JSON (then there are backslashes
 * before its quotes), and that may be in a list.
 */
const opening = /(\\*)"([^"\\]{1,80})\1"\s*:\s*(?:\[\s*)?\1"/g;

/** Up to the quote that closes it, which has as many backslashes as the one that opened it; or to where the text was cut. */
const valueAfter = (backslashes) => new RegExp(`(?:(?!${'\\\\'.repeat(backslashes)}")(?:\\\\+[\\s\\S]|[^\\\\]))*`, 'y');

/**
 * The text in pieces: plain ones are strings, those under a name that looks secret are objects.
 * @returns {(string | { name: string, value: string })[]}
 */
export function pieces(text) {
  const found = [];
  let done = 0;
  for (const { 0: whole, 1: backslashes, 2: name, index } of text.matchAll(opening)) {
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

/** For a row: dots that are only text, because a row is a button itself. */
export function maskedText(text) {
  return pieces(text)
    .map((piece) => (typeof piece === 'string' ? piece : '••••••'))
    .join('');
}
