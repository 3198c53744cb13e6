import { byId } from './elements.js';

const views = ['connections', 'messages', 'invocations', 'tables'];

/** One table of keys. With Ctrl, Alt or Meta they are the browser's. */
export function listenToKeys(app) {
  const actions = {
    j: () => app.move(1),
    ArrowDown: () => app.move(1),
    k: () => app.move(-1),
    ArrowUp: () => app.move(-1),
    Escape: () => app.back(),
    '/': () => byId('filter').focus(),
    p: () => app.togglePause(),
    '?': () => byId('keys').showModal(),
    ...Object.fromEntries(views.map((view, index) => [String(index + 1), () => app.go(view)])),
  };

  document.addEventListener('keydown', (event) => {
    const { key, target, ctrlKey, altKey, metaKey } = event;
    if (ctrlKey || altKey || metaKey || byId('keys').open) return;
    if (target === byId('filter')) return inFilter(event, app);
    // The details scroll with the arrows, as every text does.
    const isScrolling = key.startsWith('Arrow') && target.closest('#detail, .scroll') !== null;
    const action = actions[key];
    if (action === undefined || isScrolling) return;
    event.preventDefault();
    action();
  });
}

function inFilter(event, app) {
  if (event.key === 'ArrowDown' || event.key === 'Enter') {
    event.preventDefault();
    app.move(0);
  }
  if (event.key === 'Escape') {
    event.preventDefault();
    if (event.target.value === '') event.target.blur();
    else app.setFilter('');
  }
}
