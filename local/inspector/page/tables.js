import { facts, section } from './details.js';
import { element } from './elements.js';
import { pretty } from './json.js';
import { functionName } from './names.js';
import { looksSecret, maskedText } from './secrets.js';
import { whenever } from './times.js';

const everyMs = 2000;

/** Reads the tables for as long as somebody looks. */
export function followTables(isLooking, onTables) {
  let isAsking = false;

  async function ask() {
    if (isAsking || !isLooking()) return;
    isAsking = true;
    try {
      const response = await fetch('/_local/tables');
      onTables(response.ok ? (await response.json()).tables : 'failed');
    } catch {
      // The stream says that the local cloud is gone; what was read last stays.
    } finally {
      isAsking = false;
    }
  }

  setInterval(ask, everyMs);
  return ask;
}

const keyOf = ({ logicalId, keys }, item) => JSON.stringify([logicalId, ...keys.map((key) => item[key])]);

/** @returns what to put into the page */
export function drawTables(tables, { filter, onOpen }) {
  if (tables === undefined) return [note('Reading the tables …')];
  if (tables === 'failed')
    return [note('The tables could not be read.', 'The local cloud answered with an error; this page asks again.')];
  if (tables === null)
    return [note('The tables cannot be read here', 'This local cloud was started without a way to read them.')];
  if (tables.length === 0) return [note('This stack has no table')];
  return tables.map((table) => drawTable(table, filter, onOpen));
}

const note = (title, text) =>
  element('div.empty', {}, element('h2', {}, title), text !== undefined && element('p', {}, text));

function drawTable(table, filter, onOpen) {
  const { logicalId, name, keys, items, hasMore } = table;
  const shown = items.filter((item) => JSON.stringify(item).toLowerCase().includes(filter));
  const others = [...new Set(items.flatMap((item) => Object.keys(item)))].filter((each) => !keys.includes(each)).sort();
  const columns = [...keys, ...others];
  const all = `${items.length}${hasMore ? ' and more' : ''} ${items.length === 1 && !hasMore ? 'item' : 'items'}`;
  const count = shown.length === items.length ? all : `${shown.length} of ${all}`;
  const head = element(
    'tr',
    {},
    columns.map((column) => element('th', { scope: 'col' }, column)),
  );
  return element(
    'section.table',
    {},
    element('h2', { title: name }, functionName(logicalId), ' ', element('span.soft', {}, count)),
    shown.length === 0
      ? element('p.soft', {}, items.length === 0 ? 'Empty.' : 'Nothing here matches the filter.')
      : element(
          'div.scroll',
          {},
          element(
            'table',
            {},
            element('thead', {}, head),
            element(
              'tbody',
              {},
              shown.map((item) => drawItem(table, columns, item, onOpen)),
            ),
          ),
        ),
  );
}

function drawItem(table, columns, item, onOpen) {
  const key = keyOf(table, item);
  const cells = columns.map((column, index) => {
    const text = shownValue(column, item[column]);
    const content = index === 0 ? element('button.row', { type: 'button', 'data-key': key }, text) : text;
    return element('td', { 'data-name': column }, content);
  });
  return element('tr', { onclick: () => onOpen(key) }, cells);
}

function shownValue(name, value) {
  if (value === undefined) return '';
  if (looksSecret(name)) return '••••••';
  return typeof value === 'string' ? maskedText(value) : maskedText(JSON.stringify(value));
}

export function tableDetail(tables, key) {
  for (const table of Array.isArray(tables) ? tables : []) {
    const item = table.items.find((each) => keyOf(table, each) === key);
    if (item === undefined) continue;
    const text = JSON.stringify(item);
    return {
      title: functionName(table.logicalId),
      mark: `${key} ${text}`,
      draw: () => [
        facts([
          ...table.keys.map((name) => [name, String(item[name]), looksSecret(name)]),
          ...Object.entries(item)
            .filter(([name, value]) => isEpoch(name, value))
            .map(([name, value]) => [name, epoch(value)]),
        ]),
        section('Item', pretty(text)),
        section('Table', element('code', {}, table.name)),
      ],
    };
  }
  return undefined;
}

/** TTL attributes are in seconds: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html */
const isEpoch = (name, value) =>
  /(?:At|Until|expires?|ttl)$/i.test(name) && Number(value) > 1e9 && Number(value) < 1e14;

const epoch = (value) => whenever(Number(value) < 1e11 ? Number(value) * 1000 : Number(value));
