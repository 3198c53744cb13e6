import type { ShownTable, TablesAnswer } from '../tables.ts';
import { element, timeWithAge } from './elements.ts';
import { functionName } from './mirror.ts';
import { type Detail, facts, findRow, place, section } from './panes.ts';
import { looksSecret, maskedText, pretty } from './text.ts';

const everyMs = 2000;

/** The last result; undefined before the first read, null if the tables cannot be read. */
export type ReadTables = TablesAnswer['tables'] | 'failed' | undefined;

/**
 * Polls the tables while the view is open.
 * @returns a function that reads them at once
 */
export function followTables(isVisible: () => boolean, onTables: (tables: ReadTables) => void): () => Promise<void> {
  let isReading = false;

  async function ask(): Promise<void> {
    if (isReading || !isVisible()) return;
    isReading = true;
    try {
      const response = await fetch('/_local/tables');
      onTables(response.ok ? ((await response.json()) as TablesAnswer).tables : 'failed');
    } catch {
      // Keeps the last result. The event stream reports that the local cloud has stopped.
    } finally {
      isReading = false;
    }
  }

  setInterval(ask, everyMs);
  return ask;
}

export interface TablesView {
  draw(tables: ReadTables, filter: string): void;
}

/** Redraws only after a change, so that focus and scroll position stay. */
export function createTablesView(root: HTMLElement, onOpen: (key: string) => void): TablesView {
  let drawnMark: string | undefined;
  let drawn: HTMLElement | undefined;

  return {
    draw(tables, filter) {
      const mark = JSON.stringify([tables, filter]);
      if (mark === drawnMark && drawn?.parentNode === root) return;
      const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset['key'] : undefined;
      drawnMark = mark;
      drawn = element('div.tables', {}, drawTables(tables, filter, onOpen));
      place(root, [drawn]);
      if (focused !== undefined) findRow(root, focused)?.focus();
    },
  };
}

function drawTables(tables: ReadTables, filter: string, onOpen: (key: string) => void): HTMLElement[] {
  if (tables === undefined) return [note('Reading the tables …')];
  if (tables === 'failed')
    return [note('The tables could not be read.', 'The local cloud answered with an error. This page retries.')];
  if (tables === null)
    return [note('The tables cannot be read here', 'This local cloud was started without a way to read them.')];
  if (tables.length === 0) return [note('This stack has no table')];
  return tables.map((table) => drawTable(table, filter, onOpen));
}

const note = (title: string, text?: string) =>
  element('div.empty', {}, element('h2', {}, title), text !== undefined && element('p', {}, text));

type Item = ShownTable['items'][number];

function drawTable(table: ShownTable, filter: string, onOpen: (key: string) => void): HTMLElement {
  const { logicalId, name, keys, items, hasMore } = table;
  const shown = items.filter((item) => JSON.stringify(item).toLowerCase().includes(filter));
  const others = [...new Set(items.flatMap((item) => Object.keys(item)))].filter((each) => !keys.includes(each)).sort();
  const columns = [...keys, ...others];
  const all = `${items.length}${hasMore ? ' and more' : ''} ${items.length === 1 && !hasMore ? 'item' : 'items'}`;
  const count = shown.length === items.length ? all : `${shown.length} of ${all}`;
  const head = columns.map((column) => element('th', { scope: 'col' }, column));
  const rows = shown.map((item) => drawItem(table, columns, item, onOpen));
  return element(
    'section.table',
    {},
    element('h2', { title: name }, functionName(logicalId), ' ', element('span.soft', {}, count)),
    shown.length === 0
      ? element('p.soft', {}, items.length === 0 ? 'Empty.' : 'Nothing here matches the filter.')
      : element(
          'div.scroll',
          {},
          element('table', {}, element('thead', {}, element('tr', {}, head)), element('tbody', {}, rows)),
        ),
  );
}

function drawItem(table: ShownTable, columns: readonly string[], item: Item, onOpen: (key: string) => void) {
  const key = keyOf(table, item);
  const cells = columns.map((column, index) => {
    const text = shownValue(column, item[column]);
    const content = index === 0 ? element('button.row', { type: 'button', 'data-key': key }, text) : text;
    return element('td', { 'data-name': column }, content);
  });
  return element('tr', { onclick: () => onOpen(key) }, cells);
}

const keyOf = ({ logicalId, keys }: ShownTable, item: Item) =>
  JSON.stringify([logicalId, ...keys.map((key) => item[key])]);

function shownValue(name: string, value: unknown): string {
  if (value === undefined) return '';
  if (looksSecret(name)) return '••••••';
  return maskedText(typeof value === 'string' ? value : JSON.stringify(value));
}

export function tableDetail(tables: ReadTables, key: string): Detail | undefined {
  if (tables === undefined || tables === null || tables === 'failed') return undefined;
  for (const table of tables) {
    const item = table.items.find((each) => keyOf(table, each) === key);
    if (item === undefined) continue;
    const text = JSON.stringify(item);
    const epochs = Object.entries(item).filter(([name, value]) => isEpoch(name, value));
    return {
      title: functionName(table.logicalId),
      mark: `${key} ${text}`,
      draw: () => [
        facts([
          ...table.keys.map((name) => [name, String(item[name]), looksSecret(name)] as const),
          ...epochs.map(([name, value]) => [name, epoch(Number(value))] as const),
        ]),
        section('Item', pretty(text)),
        section('Table', element('code', {}, table.name)),
      ],
    };
  }
  return undefined;
}

/** TTL attributes hold seconds: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html */
const isEpoch = (name: string, value: unknown) =>
  /(?:At|Until|expires?|ttl)$/i.test(name) && Number(value) > 1e9 && Number(value) < 1e14;

const epoch = (value: number) => timeWithAge(value < 1e11 ? value * 1000 : value);
