import { connectionDetail, connectionGroups, connectionsEmpty } from './connections.js';
import { createDetails } from './details.js';
import { byId, element } from './elements.js';
import { invocationDetail, invocationGroups, invocationsEmpty } from './invocations.js';
import { listenToKeys } from './keyboard.js';
import { createList, markRows, moveFocus, place } from './list.js';
import { messageDetail, messageGroups, messagesEmpty } from './messages.js';
import { createMirror } from './mirror.js';
import { createStatus } from './status.js';
import { followEvents } from './stream.js';
import { drawTables, followTables, tableDetail } from './tables.js';
import { renewTimes, setNow } from './times.js';
import { drawTools } from './tools.js';

const mirror = createMirror();
const details = createDetails(() => app.back());
const status = createStatus();
const open = (key) => app.open(app.view, key);
const views = {
  connections: { title: 'Connections', groups: connectionGroups, empty: connectionsEmpty, detail: connectionDetail },
  messages: { title: 'Messages', groups: messageGroups, empty: messagesEmpty, detail: messageDetail },
  invocations: { title: 'Invocations', groups: invocationGroups, empty: invocationsEmpty, detail: invocationDetail },
  tables: { title: 'Tables', detail: () => tableDetail(tables, app.selected) },
};
for (const view of Object.values(views)) view.list = createList(open);

let tables;
let isDrawing = false;
let restMs = 0;

const app = {
  mirror,
  view: viewInHash() ?? 'connections',
  filter: '',
  /** A connection: then only what is its own is shown in the other views. */
  scope: undefined,
  onlyFailed: false,
  selected: undefined,

  go(view) {
    if (view !== app.view) close();
    app.view = view;
    if (viewInHash() !== view) history.replaceState(undefined, '', `#${view}`);
    byId('main').scrollTop = 0;
    if (view === 'tables') askTables();
    drawNow();
  },
  open(view, key) {
    if (view !== app.view) app.go(view);
    app.selected = key;
    if (mirror.tables.connections.has(key)) app.scope = key;
    drawNow();
    details.focus();
  },
  /** Closes what is open; then takes the filters away. */
  back() {
    if (details.isOpen) {
      const key = app.selected;
      close();
      drawNow();
      byId('main')
        .querySelector(`button.row[data-key="${CSS.escape(key)}"]`)
        ?.focus();
      return;
    }
    app.showAll();
  },
  showAll() {
    app.scope = undefined;
    app.onlyFailed = false;
    app.setFilter('');
  },
  move(by) {
    const key = moveFocus(byId('main'), app.selected, by);
    // Open details follow.
    if (key === undefined || !details.isOpen) return;
    app.selected = key;
    drawNow();
  },
  setFilter(text) {
    app.filter = text.trim().toLowerCase();
    if (byId('filter').value !== text) byId('filter').value = text;
    drawNow();
  },
  togglePause() {
    stream.toggle();
  },
};

function close() {
  app.selected = undefined;
  details.hide();
}

/**
 * For what arrives: once for each frame that the screen shows, and never more than a quarter of the time, so that keys and
 * clicks are answered in a storm as well.
 */
function draw() {
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

function drawNow() {
  const { title, groups, empty, detail, list } = views[app.view];
  byId('main').setAttribute('aria-label', title);
  drawTools(app);
  if (groups === undefined) drawTableView();
  else {
    const all = groups(mirror);
    const kept = all.map((group) => ({ ...group, rows: group.rows.filter(isWanted) }));
    list.draw(kept, all.every(({ rows }) => rows.length === 0) ? () => empty(mirror) : noMatch);
    place(byId('main'), [list.root]);
  }
  const shown = app.selected === undefined ? undefined : detail(app, app.selected);
  if (shown !== undefined) details.show(shown.title, shown.mark, shown.draw);
  markRows(byId('main'), app.selected);
}

let drawnTables;
function drawTableView() {
  // Written anew only when something changed, so that focus and scroll position stay.
  const mark = JSON.stringify([tables, app.filter]);
  if (mark !== drawnTables || byId('main').firstChild?.dataset?.view !== 'tables') {
    const focused = document.activeElement?.dataset?.key;
    place(byId('main'), [
      element('div.tables', { 'data-view': 'tables' }, drawTables(tables, { filter: app.filter, onOpen: open })),
    ]);
    if (focused !== undefined)
      byId('main')
        .querySelector(`button.row[data-key="${CSS.escape(focused)}"]`)
        ?.focus();
  }
  drawnTables = mark;
}

function isWanted({ text, connectionId, isFailed }) {
  if (app.scope !== undefined && app.view !== 'connections' && connectionId !== app.scope) return false;
  if (app.onlyFailed && app.view === 'invocations' && isFailed !== true) return false;
  return app.filter === '' || text().toLowerCase().includes(app.filter);
}

function noMatch() {
  const all = element('button', { type: 'button', onclick: app.showAll }, 'Show everything');
  return [element('div.empty', {}, element('h2', {}, 'Nothing matches'), all)];
}

function onBatch(batch, isEverything) {
  const { refused = 0 } = mirror.totals;
  if (isEverything) mirror.clear();
  setNow(batch.now);
  mirror.apply(batch);
  const lastRefusal = [...mirror.tables.refusals.values()].at(-1);
  if (!isEverything && mirror.totals.refused > refused && lastRefusal !== undefined) status.sayRefused(lastRefusal);
  if (app.scope !== undefined && !mirror.tables.connections.has(app.scope)) app.scope = undefined;
  // What is read stays when it is too old to be kept, but not when it is of a local cloud that is gone.
  const isOfAnother = app.selected !== undefined && views[app.view].detail(app, app.selected) === undefined;
  if (isEverything && isOfAnother && app.view !== 'tables') close();
  document.title = `${mirror.totals.open} open · Local cloud`;
  draw();
}

function viewInHash() {
  const name = location.hash.slice(1);
  return ['connections', 'messages', 'invocations', 'tables'].includes(name) ? name : undefined;
}

const stream = followEvents(status.show, onBatch);
const isLooking = () => app.view === 'tables' && !document.hidden && !stream.isPaused;
const askTables = followTables(isLooking, (read) => {
  tables = read;
  draw();
});

listenToKeys(app);
for (const link of byId('views').querySelectorAll('a')) {
  link.addEventListener('click', (event) => {
    event.preventDefault();
    app.go(link.dataset.view);
  });
}
for (const button of byId('totals').querySelectorAll('button')) {
  button.addEventListener('click', () => {
    app.onlyFailed = button.dataset.failed !== undefined;
    app.go(button.dataset.view);
  });
}
byId('filter').addEventListener('input', ({ target }) => app.setFilter(target.value));
byId('pause').addEventListener('click', app.togglePause);
byId('help').addEventListener('click', () => byId('keys').showModal());
byId('scope').addEventListener('click', () => {
  app.scope = undefined;
  draw();
});
byId('failed').addEventListener('click', () => {
  app.onlyFailed = false;
  draw();
});
byId('main').addEventListener('more', draw);
window.addEventListener('hashchange', () => app.go(viewInHash() ?? app.view));
setInterval(() => renewTimes(document), 1000);
askTables();
draw();
