import { connectionDetail, connectionGroups, connectionsEmpty } from './connections.js';
import { createDetails } from './details.js';
import { byId, element, say } from './elements.js';
import { invocationDetail, invocationGroups, invocationsEmpty } from './invocations.js';
import { listenToKeys } from './keyboard.js';
import { createList, markRows, moveFocus, place } from './list.js';
import { messageDetail, messageGroups, messagesEmpty } from './messages.js';
import { createMirror } from './mirror.js';
import { who } from './names.js';
import { followEvents } from './stream.js';
import { drawTables, followTables, tableDetail } from './tables.js';
import { renewTimes, setNow } from './times.js';

const mirror = createMirror();
const details = createDetails(() => app.back());
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
let hadSnapshot = false;

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
    draw();
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
    app.scope = undefined;
    app.onlyFailed = false;
    app.setFilter('');
  },
  move(by) {
    const key = moveFocus(byId('main'), app.selected, by);
    // With the details open beside the list, they follow; where they lie over it, there is no list to walk.
    if (key === undefined || !details.isOpen) return;
    app.selected = key;
    drawNow();
  },
  setFilter(text) {
    app.filter = text.trim().toLowerCase();
    if (byId('filter').value !== text) byId('filter').value = text;
    draw();
  },
  togglePause() {
    stream.toggle();
  },
};

function close() {
  app.selected = undefined;
  details.hide();
}

/** Once for each frame that the screen shows, however much arrives. */
function draw() {
  if (isDrawing) return;
  isDrawing = true;
  requestAnimationFrame(() => {
    isDrawing = false;
    drawNow();
  });
}

function drawNow() {
  const { title, groups, empty, detail, list } = views[app.view];
  byId('main').setAttribute('aria-label', title);
  drawTools();
  if (groups === undefined) drawTableView();
  else {
    const all = groups(mirror);
    const kept = all.map((group) => ({ ...group, rows: group.rows.filter(isWanted) }));
    list.draw(kept, all.every(({ rows }) => rows.length === 0) ? () => empty(mirror) : noMatch);
    place(byId('main'), [list.root]);
  }
  const shown = app.selected === undefined ? undefined : detail(app, app.selected);
  if (shown !== undefined) details.show(shown.title, shown.mark, shown.draw);
  else if (app.selected !== undefined) close();
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
  return text.toLowerCase().includes(app.filter);
}

function noMatch() {
  const clear = () => {
    app.scope = undefined;
    app.onlyFailed = false;
    app.setFilter('');
  };
  return [
    element(
      'div.empty',
      {},
      element('h2', {}, 'Nothing matches'),
      element('button', { type: 'button', onclick: clear }, 'Show everything'),
    ),
  ];
}

function drawTools() {
  for (const link of byId('views').querySelectorAll('a')) {
    if (link.dataset.view === app.view) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  for (const button of byId('totals').querySelectorAll('button')) {
    const total = mirror.totals[button.dataset.total] ?? 0;
    const text = total.toLocaleString('en');
    if (button.firstChild.textContent !== text) button.firstChild.textContent = text;
    const word = button.lastChild;
    if (word.dataset.one !== undefined) word.textContent = total === 1 ? word.dataset.one : `${word.dataset.one}s`;
    button.classList.toggle('is-bad', total > 0 && ['refused', 'errors'].includes(button.dataset.total));
  }
  const isScoped = app.scope !== undefined && ['messages', 'invocations'].includes(app.view);
  byId('scope').hidden = !isScoped;
  const name = `only ${who(mirror.tables.connections.get(app.scope))}`;
  if (isScoped && byId('scope').textContent !== name) {
    byId('scope').textContent = name;
    byId('scope').title = `Connection ${app.scope}. Click to show all.`;
  }
  byId('failed').hidden = !(app.onlyFailed && app.view === 'invocations');
  const address = mirror.webSocketUrls.join('  ');
  if (byId('address').textContent !== address) byId('address').textContent = address;
}

const states = { live: 'live', gone: 'reconnecting', paused: 'paused' };
let state;
function onState(next) {
  if (next === state) return;
  const before = state;
  state = next;
  byId('state').dataset.state = next;
  byId('state-text').textContent = states[next];
  byId('gone').hidden = next !== 'gone';
  document.body.classList.toggle('is-gone', next === 'gone');
  byId('pause').setAttribute('aria-pressed', String(next === 'paused'));
  byId('pause-text').textContent = next === 'paused' ? 'Go on' : 'Pause';
  if (next === 'gone') say('The local cloud is gone. Reconnecting.');
  else if (next === 'paused') say('Paused.');
  else if (before !== undefined) say('Live.');
}

function onBatch(batch, isEverything) {
  const refusedBefore = mirror.totals.refused ?? 0;
  if (isEverything) mirror.clear();
  setNow(batch.now);
  mirror.apply(batch);
  if (!isEverything && hadSnapshot && mirror.totals.refused > refusedBefore) {
    const { status, reason } = [...mirror.tables.refusals.values()].at(-1) ?? {};
    say(`A handshake was refused with ${status}: ${reason}.`);
  }
  hadSnapshot = true;
  if (app.scope !== undefined && !mirror.tables.connections.has(app.scope)) app.scope = undefined;
  document.title = `${mirror.totals.open} open · Local cloud`;
  draw();
}

function viewInHash() {
  const name = location.hash.slice(1);
  return ['connections', 'messages', 'invocations', 'tables'].includes(name) ? name : undefined;
}

const stream = followEvents(onState, onBatch);
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
