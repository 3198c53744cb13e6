import { element } from './elements.js';

/** What a person can read; the rest waits for a click, so that a storm of messages does not stop the page. */
const atOnce = 150;

/**
 * A list whose rows keep their elements, so that neither focus nor scroll position jumps when something new arrives.
 * A row is `{ key, mark, draw, text }`: it is drawn again when its mark changes, and text() is what a filter looks at. A group is `{ key, title, note, rows, className }`.
 */
export function createList(onOpen) {
  const root = element('div.list');
  const drawn = new Map();
  let shown = atOnce;

  function drawRow({ key, mark, draw, className = '' }) {
    const before = drawn.get(key);
    if (before?.mark === mark) return before.node;
    const button = before?.button ?? element('button', { type: 'button', 'data-key': key });
    const node = before?.node ?? element('li', {}, button);
    if (before === undefined) button.addEventListener('click', () => onOpen(key));
    button.className = `row ${className}`;
    button.replaceChildren(...draw());
    drawn.set(key, { mark, node, button });
    return node;
  }

  function draw(groups, empty) {
    const keys = new Set(groups.flatMap(({ rows }) => rows.map(({ key }) => key)));
    for (const key of drawn.keys()) if (!keys.has(key)) drawn.delete(key);
    let left = shown;
    const nodes = groups.flatMap(({ key, title, note, head, rows, className = '' }) => {
      if (rows.length === 0) return [];
      const visible = rows.slice(0, left).map(drawRow);
      left -= visible.length;
      const section = findSection(key, className, title);
      section.note.replaceChildren(note ?? '');
      place(section.list, visible);
      section.node.replaceChildren(...[section.title, head, section.list].filter(Boolean));
      return visible.length > 0 ? [section.node] : [];
    });
    const all = groups.reduce((sum, { rows }) => sum + rows.length, 0);
    if (all > shown) nodes.push(moreButton(all - shown));
    if (all === 0) nodes.push(...empty());
    place(root, nodes);
  }

  const sections = new Map();
  function findSection(key, className, title) {
    const found = sections.get(key);
    if (found !== undefined) return found;
    const note = element('span.soft');
    const heading = title === undefined ? undefined : element('h2', {}, title, ' ', note);
    const list = element('ol', { role: 'list' });
    const made = { node: element(`section${className && `.${className}`}`), title: heading, note, list };
    sections.set(key, made);
    return made;
  }

  function moreButton(count) {
    const more = () => {
      shown += 500;
      root.dispatchEvent(new CustomEvent('more', { bubbles: true }));
    };
    return element('button.more', { type: 'button', onclick: more }, `Show more of ${count}`);
  }

  return { root, draw };
}

/** Tab reaches one row, the keys the others. */
export function markRows(root, selected) {
  const rows = [...root.querySelectorAll('button.row')];
  const focused = rows.find((row) => row === document.activeElement);
  const current = focused ?? rows.find((row) => row.dataset.key === selected) ?? rows[0];
  for (const row of rows) {
    row.tabIndex = row === current ? 0 : -1;
    if (row.dataset.key === selected) row.setAttribute('aria-current', 'true');
    else row.removeAttribute('aria-current');
  }
}

/** @param {number} by how many rows further @returns the key of the row that has the focus now */
export function moveFocus(root, selected, by) {
  const rows = [...root.querySelectorAll('button.row')];
  const focused = rows.indexOf(document.activeElement);
  const from = focused >= 0 ? focused : rows.findIndex((row) => row.dataset.key === selected);
  const next = rows[from < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, from + by))];
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: 'nearest' });
  markRows(root, selected);
  return next?.dataset.key;
}

/** Puts exactly these nodes there, and moves only what is not in its place. */
export function place(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.childNodes]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, index) => {
    if (parent.childNodes[index] !== node) parent.insertBefore(node, parent.childNodes[index] ?? null);
  });
}
