import { byId } from './elements.js';
import { who } from './names.js';

/** Everything above the list: the totals, which view is shown, and what narrows it. */
export function drawTools({ mirror, view, scope, onlyFailed }) {
  for (const link of byId('views').querySelectorAll('a')) {
    if (link.dataset.view === view) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  for (const button of byId('totals').querySelectorAll('button')) drawTotal(button, mirror.totals);
  const isScoped = scope !== undefined && ['messages', 'invocations'].includes(view);
  byId('scope').hidden = !isScoped;
  byId('scope').title = `Connection ${scope}`;
  write(byId('scope'), `only ${who(mirror.tables.connections.get(scope))}`);
  byId('failed').hidden = !(onlyFailed && view === 'invocations');
  write(byId('address'), mirror.webSocketUrls.join('  '));
}

function drawTotal(button, totals) {
  const total = totals[button.dataset.total] ?? 0;
  const { firstChild: number, lastChild: word } = button;
  write(number, total.toLocaleString('en'));
  if (word.dataset.one !== undefined) write(word, total === 1 ? word.dataset.one : `${word.dataset.one}s`);
  button.classList.toggle('is-bad', total > 0 && ['refused', 'errors'].includes(button.dataset.total));
}

/** Only when it changes: what is selected in it stays selected. */
function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
