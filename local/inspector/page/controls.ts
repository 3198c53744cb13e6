import type { RefusalRecord, Totals } from '../records.ts';
import { byId } from './elements.ts';
import type { StreamState } from './mirror.ts';
import { type ViewName, viewNames } from './panes.ts';

/** The actions of keys, buttons and links. */
export interface Actions {
  go(view: ViewName): void;
  /** Closes the open details; if none are open, removes the filters. */
  back(): void;
  /** Moves the focus by this number of rows. */
  move(by: number): void;
  setFilter(text: string): void;
  togglePause(): void;
  removeScope(): void;
  setOnlyFailed(isOn: boolean): void;
}

/** Buttons and links: each has its view in `data-view`. */
export function listenToClicks({ go, setFilter, togglePause, removeScope, setOnlyFailed }: Actions): void {
  for (const link of byId('views').querySelectorAll('a')) {
    link.addEventListener('click', (event) => {
      event.preventDefault();
      go(viewOf(link));
    });
  }
  for (const button of byId('totals').querySelectorAll('button')) {
    button.addEventListener('click', () => {
      setOnlyFailed(button.dataset['failed'] !== undefined);
      go(viewOf(button));
    });
  }
  byId('filter').addEventListener('input', () => setFilter(byId('filter').value));
  byId('pause').addEventListener('click', togglePause);
  byId('help').addEventListener('click', () => byId('keys').showModal());
  byId('scope').addEventListener('click', removeScope);
  byId('failed').addEventListener('click', () => setOnlyFailed(false));
}

const viewOf = ({ dataset }: HTMLElement) => dataset['view'] as ViewName;

/** Handles the keys. Keys with Ctrl, Alt or Meta belong to the browser. */
export function listenToKeys(actions: Actions): void {
  const { go, back, move, togglePause } = actions;
  const keyActions: Readonly<Record<string, () => void>> = {
    j: () => move(1),
    ArrowDown: () => move(1),
    k: () => move(-1),
    ArrowUp: () => move(-1),
    Escape: back,
    '/': () => byId('filter').focus(),
    p: togglePause,
    '?': () => byId('keys').showModal(),
    ...Object.fromEntries(viewNames.map((view, index) => [String(index + 1), () => go(view)])),
  };

  document.addEventListener('keydown', (event) => {
    const { key, target, ctrlKey, altKey, metaKey } = event;
    if (ctrlKey || altKey || metaKey || byId('keys').open) return;
    if (target === byId('filter')) return inFilter(event, actions);
    // In the details, arrow keys scroll.
    const isScrolling =
      key.startsWith('Arrow') && target instanceof Element && target.closest('#detail, .scroll') !== null;
    const act = keyActions[key];
    if (act === undefined || isScrolling) return;
    event.preventDefault();
    act();
  });
}

function inFilter(event: KeyboardEvent, { move, setFilter }: Actions): void {
  if (event.key === 'ArrowDown' || event.key === 'Enter') {
    event.preventDefault();
    move(0);
  }
  if (event.key === 'Escape') {
    event.preventDefault();
    if (byId('filter').value === '') byId('filter').blur();
    else setFilter('');
  }
}

/** The header above the list. */
export interface Head {
  readonly view: ViewName;
  readonly totals: Totals;
  readonly address: string;
  /** The only connection that is shown; undefined for all. */
  readonly scope: { readonly connectionId: string; readonly name: string } | undefined;
  readonly onlyFailed: boolean;
}

/** Draws the totals, the current view and its filters. */
export function drawHead({ view, totals, address, scope, onlyFailed }: Head): void {
  for (const link of byId('views').querySelectorAll('a')) {
    if (viewOf(link) === view) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  for (const button of byId('totals').querySelectorAll('button')) drawTotal(button, totals);
  byId('scope').hidden = scope === undefined || !['messages', 'invocations'].includes(view);
  byId('scope').title = `Connection ${scope?.connectionId}`;
  write(byId('scope'), `only ${scope?.name}`);
  byId('failed').hidden = !(onlyFailed && view === 'invocations');
  write(byId('address'), address);
}

function drawTotal(button: HTMLElement, totals: Totals): void {
  const name = button.dataset['total'] as keyof Totals;
  const [number, word] = [button.querySelector('b'), button.querySelector('span')];
  const total = totals[name];
  if (number !== null) write(number, total.toLocaleString('en'));
  const one = word?.dataset['one'];
  if (word !== null && one !== undefined) write(word, total === 1 ? one : `${one}s`);
  button.classList.toggle('is-bad', total > 0 && ['refused', 'errors'].includes(name));
}

/** Writes only changed text, so that a selection in it survives. */
function write(node: HTMLElement, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

const words = { live: 'live', gone: 'reconnecting', paused: 'paused' };
const sentences = { live: 'Live.', gone: 'The local cloud has stopped. Reconnecting.', paused: 'Paused.' };

/** The shortest time between two announced refusals, for screen readers. */
const announceIntervalMs = 5000;

/** Whether the page is up to date. */
export interface Status {
  show(state: StreamState): void;
  announceRefusal(refusal: RefusalRecord): void;
}

export function createStatus(): Status {
  let state: StreamState | undefined;
  let announcedAt = 0;

  return {
    show(next) {
      if (next === state) return;
      // The first `live` state is not announced.
      if (next !== 'live' || state !== undefined) announce(sentences[next]);
      state = next;
      byId('state').dataset['state'] = next;
      byId('state-text').textContent = words[next];
      byId('gone').hidden = next !== 'gone';
      document.body.classList.toggle('is-gone', next === 'gone');
      byId('pause').setAttribute('aria-pressed', String(next === 'paused'));
      byId('pause-text').textContent = next === 'paused' ? 'Resume' : 'Pause';
    },
    announceRefusal({ status, reason }) {
      if (Date.now() - announcedAt < announceIntervalMs) return;
      announcedAt = Date.now();
      announce(`A handshake was refused with ${status}: ${reason}.`);
    },
  };
}

/** Announces a text to screen readers. Use it sparingly, because it interrupts. */
function announce(text: string): void {
  byId('announcement').textContent = text;
}
