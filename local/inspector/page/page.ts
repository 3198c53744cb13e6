import type { Batch } from '../records.ts';
import { connectionDetail, connectionGroups, connectionsEmpty } from './connections.ts';
import { type Actions, createStatus, drawHead, listenToClicks, listenToKeys } from './controls.ts';
import { byId, element, renewTimes, setNow } from './elements.ts';
import { invocationDetail, invocationGroups, invocationsEmpty } from './invocations.ts';
import { messageDetail, messageGroups, messagesEmpty } from './messages.ts';
import { createMirror, followEvents, type Mirror, principalOf } from './mirror.ts';
import {
  createDetailPane,
  createList,
  type Detail,
  findRow,
  type Group,
  type List,
  markRows,
  moveFocus,
  type Navigation,
  place,
  type Row,
  type ViewName,
  viewNames,
} from './panes.ts';
import { createTablesView, followTables, type ReadTables, tableDetail } from './tables.ts';

/** A view with a list of rows. */
interface ListView {
  readonly title: string;
  readonly list: List;
  groups(mirror: Mirror): Group[];
  empty(mirror: Mirror): Node[];
  detail(mirror: Mirror, key: string, navigation: Navigation): Detail | undefined;
}

const main = byId('main');
const mirror = createMirror();
const status = createStatus();
const details = createDetailPane(back);
const openRow = (key: string) => open(view, key);
const tablesView = createTablesView(main, openRow);
const listViews: { readonly [Name in Exclude<ViewName, 'tables'>]: ListView } = {
  connections: {
    title: 'Connections',
    list: createList(openRow),
    groups: connectionGroups,
    empty: connectionsEmpty,
    detail: connectionDetail,
  },
  messages: {
    title: 'Messages',
    list: createList(openRow),
    groups: messageGroups,
    empty: messagesEmpty,
    detail: messageDetail,
  },
  invocations: {
    title: 'Invocations',
    list: createList(openRow),
    groups: invocationGroups,
    empty: invocationsEmpty,
    detail: invocationDetail,
  },
};

let view = viewInHash() ?? 'connections';
let selected: string | undefined;
let filter = '';
/** The connection that filters the other views. */
let scope: string | undefined;
let onlyFailed = false;
let tables: ReadTables;
let isDrawing = false;
let restMs = 0;

function viewInHash(): ViewName | undefined {
  return viewNames.find((name) => location.hash === `#${name}`);
}

function go(next: ViewName): void {
  if (next !== view) close();
  view = next;
  if (viewInHash() !== view) history.replaceState(undefined, '', `#${view}`);
  main.scrollTop = 0;
  if (view === 'tables') askTables();
  drawNow();
}

function open(inView: ViewName, key: string): void {
  if (inView !== view) go(inView);
  selected = key;
  if (mirror.tables.connections.has(key)) scope = key;
  drawNow();
  details.focus();
}

function close(): void {
  selected = undefined;
  details.hide();
}

function back(): void {
  if (!details.isOpen) {
    showAll();
    return;
  }
  const key = selected;
  close();
  drawNow();
  if (key !== undefined) findRow(main, key)?.focus();
}

function showAll(): void {
  scope = undefined;
  onlyFailed = false;
  setFilter('');
}

function setFilter(text: string): void {
  filter = text.trim().toLowerCase();
  if (byId('filter').value !== text) byId('filter').value = text;
  drawNow();
}

function move(by: number): void {
  const key = moveFocus(main, selected, by);
  // Open details show the focused row.
  if (key === undefined || !details.isOpen) return;
  selected = key;
  drawNow();
}

/**
 * Draws new data at most once per frame and for at most a quarter of the time. So the page reacts to input under load.
 */
function draw(): void {
  if (isDrawing) return;
  isDrawing = true;
  const frame = () =>
    requestAnimationFrame(() => {
      isDrawing = false;
      const from = performance.now();
      drawNow();
      restMs = Math.min(500, (performance.now() - from) * 3);
    });
  if (restMs < 20) frame();
  else setTimeout(frame, restMs);
}

function drawNow(): void {
  drawHead({
    view,
    totals: mirror.totals,
    address: mirror.webSocketUrls.join('  '),
    scope:
      scope === undefined
        ? undefined
        : { connectionId: scope, name: principalOf(mirror.tables.connections.get(scope)) },
    onlyFailed,
  });
  main.setAttribute('aria-label', view === 'tables' ? 'Tables' : listViews[view].title);
  if (view === 'tables') tablesView.draw(tables, filter);
  else drawList(listViews[view]);
  const detail = selectedDetail();
  if (detail !== undefined) details.show(detail);
  markRows(main, selected);
}

function drawList({ groups, empty, list }: ListView): void {
  const all = groups(mirror);
  const wanted = all.map((group) => ({ ...group, rows: group.rows.filter(isWanted) }));
  list.draw(wanted, all.every(({ rows }) => rows.length === 0) ? () => empty(mirror) : noMatch);
  place(main, [list.root]);
}

function selectedDetail(): Detail | undefined {
  if (selected === undefined) return undefined;
  return view === 'tables' ? tableDetail(tables, selected) : listViews[view].detail(mirror, selected, { go, open });
}

function isWanted({ text, connectionId, isFailed }: Row): boolean {
  if (scope !== undefined && view !== 'connections' && connectionId !== scope) return false;
  if (onlyFailed && view === 'invocations' && isFailed !== true) return false;
  return filter === '' || text().toLowerCase().includes(filter);
}

function noMatch(): Node[] {
  const all = element('button', { type: 'button', onclick: showAll }, 'Show everything');
  return [element('div.empty', {}, element('h2', {}, 'Nothing matches'), all)];
}

function onBatch(batch: Batch, isSnapshot: boolean): void {
  const { refused } = mirror.totals;
  if (isSnapshot) mirror.clear();
  setNow(batch.now);
  mirror.apply(batch);
  const lastRefusal = [...mirror.tables.refusals.values()].at(-1);
  if (!isSnapshot && mirror.totals.refused > refused && lastRefusal !== undefined) status.announceRefusal(lastRefusal);
  if (scope !== undefined && !mirror.tables.connections.has(scope)) scope = undefined;
  // Open details survive eviction of their record, but not a restart of the local cloud.
  if (isSnapshot && view !== 'tables' && selected !== undefined && selectedDetail() === undefined) close();
  document.title = `${mirror.totals.open} open · Local cloud`;
  draw();
}

const stream = followEvents(status.show, onBatch);
const askTables = followTables(
  () => view === 'tables' && !document.hidden && !stream.isPaused,
  (read) => {
    tables = read;
    draw();
  },
);
const actions: Actions = {
  go,
  back,
  move,
  setFilter,
  togglePause: stream.toggle,
  removeScope() {
    scope = undefined;
    draw();
  },
  setOnlyFailed(isOn) {
    onlyFailed = isOn;
    draw();
  },
};

listenToClicks(actions);
listenToKeys(actions);
main.addEventListener('more', draw);
window.addEventListener('hashchange', () => go(viewInHash() ?? view));
setInterval(renewTimes, 1000);
askTables();
draw();
