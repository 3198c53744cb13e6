import { byId, type Child, element } from './elements.ts';
import { looksSecret, secret } from './text.ts';

export const viewNames = ['connections', 'messages', 'invocations', 'tables'] as const;
export type ViewName = (typeof viewNames)[number];

/** Links between the views. */
export interface Navigation {
  go(view: ViewName): void;
  open(view: ViewName, key: string): void;
}

/** One row of a list. A changed `mark` redraws it. */
export interface Row {
  readonly key: string;
  readonly mark: string;
  readonly className: string;
  /** The text that the filter searches. */
  text(): string;
  draw(): readonly Node[];
  readonly connectionId?: string | undefined;
  readonly isFailed?: boolean;
}

export interface Group {
  readonly key: string;
  readonly title?: string;
  readonly note?: string | undefined;
  readonly className?: string;
  readonly rows: readonly Row[];
}

/** The content of the detail pane. A changed `mark` redraws it. */
export interface Detail {
  readonly title: string;
  readonly mark: string;
  draw(): readonly Node[];
}

export interface List {
  readonly root: HTMLElement;
  /** @param empty drawn if there are no rows */
  draw(groups: readonly Group[], empty: () => readonly Node[]): void;
}

/** The rows that are drawn before a click on "Show more", so that many messages cannot block the page. */
const pageSize = 150;

/** A list that reuses the elements of its rows, so that focus and scroll position stay when new rows arrive. */
export function createList(onOpen: (key: string) => void): List {
  const root = element('div.list');
  const drawn = new Map<string, { readonly mark: string; readonly node: HTMLElement; readonly button: HTMLElement }>();
  const sections = new Map<string, ReturnType<typeof createSection>>();
  let shown = pageSize;

  function drawRow({ key, mark, draw, className }: Row): HTMLElement {
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

  function draw(groups: readonly Group[], empty: () => readonly Node[]): void {
    const keys = new Set(groups.flatMap(({ rows }) => rows.map(({ key }) => key)));
    for (const key of drawn.keys()) if (!keys.has(key)) drawn.delete(key);
    let left = shown;
    const nodes: Node[] = groups.flatMap((group) => {
      if (group.rows.length === 0) return [];
      const visible = group.rows.slice(0, left).map(drawRow);
      left -= visible.length;
      const section = sections.get(group.key) ?? createSection(group);
      sections.set(group.key, section);
      section.note.replaceChildren(group.note ?? '');
      place(section.list, visible);
      return visible.length > 0 ? [section.node] : [];
    });
    const all = groups.reduce((sum, { rows }) => sum + rows.length, 0);
    if (all > shown) nodes.push(moreButton(all - shown));
    if (all === 0) nodes.push(...empty());
    place(root, nodes);
  }

  function moreButton(count: number): HTMLElement {
    const more = () => {
      shown += 500;
      root.dispatchEvent(new CustomEvent('more', { bubbles: true }));
    };
    return element('button.more', { type: 'button', onclick: more }, `Show more of ${count}`);
  }

  return { root, draw };
}

function createSection({ title, className }: Group) {
  const note = element('span.soft');
  const list = element('ol', { role: 'list' });
  const node = element(
    className === undefined ? 'section' : `section.${className}`,
    {},
    title !== undefined && element('h2', {}, title, ' ', note),
    list,
  );
  return { node, note, list };
}

const rowsIn = (root: HTMLElement) => [...root.querySelectorAll<HTMLElement>('button.row')];

export function findRow(root: HTMLElement, key: string): HTMLElement | null {
  return root.querySelector<HTMLElement>(`button.row[data-key="${CSS.escape(key)}"]`);
}

/** Tab reaches one row, the arrow keys the others. */
export function markRows(root: HTMLElement, selected: string | undefined): void {
  const rows = rowsIn(root);
  const focused = rows.find((row) => row === document.activeElement);
  const current = focused ?? rows.find((row) => row.dataset['key'] === selected) ?? rows[0];
  for (const row of rows) {
    row.tabIndex = row === current ? 0 : -1;
    if (row.dataset['key'] === selected) row.setAttribute('aria-current', 'true');
    else row.removeAttribute('aria-current');
  }
}

/** @param by the number of rows @returns the key of the newly focused row */
export function moveFocus(root: HTMLElement, selected: string | undefined, by: number): string | undefined {
  const rows = rowsIn(root);
  const focused = rows.find((row) => row === document.activeElement);
  const from = rows.findIndex((row) => (focused === undefined ? row.dataset['key'] === selected : row === focused));
  const next = rows[from < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, from + by))];
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: 'nearest' });
  markRows(root, selected);
  return next?.dataset['key'];
}

/** Makes these nodes the children, and moves only the nodes that are out of place. */
export function place(parent: HTMLElement, nodes: readonly Node[]): void {
  const wanted = new Set(nodes);
  for (const child of [...parent.childNodes]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, index) => {
    if (parent.childNodes[index] !== node) parent.insertBefore(node, parent.childNodes[index] ?? null);
  });
}

export interface DetailPane {
  readonly isOpen: boolean;
  show(detail: Detail): void;
  hide(): void;
  focus(): void;
}

/** The pane beside the list; on a phone it covers the list. */
export function createDetailPane(onClose: () => void): DetailPane {
  const pane = byId('detail');
  let mark: string | undefined;

  return {
    get isOpen() {
      return !pane.hidden;
    },
    // An unchanged pane is not redrawn, so that unfolded parts stay open.
    show(detail) {
      const wasOpen = !pane.hidden;
      pane.hidden = false;
      document.body.classList.add('has-detail');
      if (wasOpen && mark === detail.mark) return;
      mark = detail.mark;
      const close = element(
        'button.close',
        { type: 'button', onclick: onClose, 'aria-keyshortcuts': 'Escape' },
        'Close ',
        element('kbd', {}, 'Esc'),
      );
      const { scrollTop } = pane;
      pane.replaceChildren(element('header', {}, element('h2', {}, detail.title), close), ...detail.draw());
      pane.scrollTop = wasOpen ? scrollTop : 0;
    },
    hide() {
      pane.hidden = true;
      mark = undefined;
      pane.replaceChildren();
      document.body.classList.remove('has-detail');
    },
    focus: () => pane.focus({ preventScroll: true }),
  };
}

export type Fact = readonly [name: string, value: Child | readonly Child[], isSecret?: boolean];

/** Names and values. Pairs without a value are skipped. */
export function facts(pairs: readonly Fact[]): HTMLElement {
  const rows = pairs
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value, isSecret = false]) =>
      element('div', {}, element('dt', {}, name), element('dd', {}, isSecret ? secret(name, String(value)) : value)),
    );
  return element('dl.facts', {}, rows);
}

/** Values with names from the developer's code. Values under secret-looking names are hidden. */
export function values(record: Readonly<Record<string, string>>): HTMLElement {
  return facts(Object.entries(record).map(([name, value]) => [name, value, looksSecret(name)]));
}

export const section = (title: string, ...children: (Child | readonly Child[])[]) =>
  element('section', {}, element('h3', {}, title), ...children);
