import { byId, element } from './elements.js';
import { looksSecret, secret } from './secrets.js';

/** The pane beside the list; on a phone, the page over it. */
export function createDetails(onClose) {
  const pane = byId('detail');
  let mark;

  return {
    get isOpen() {
      return !pane.hidden;
    },
    /** @param next what would be drawn; the same as before is not drawn again, so that nothing that was unfolded folds */
    show(title, next, draw) {
      const wasOpen = !pane.hidden;
      pane.hidden = false;
      document.body.classList.add('has-detail');
      if (wasOpen && mark === next) return;
      mark = next;
      const close = element(
        'button.close',
        { type: 'button', onclick: onClose, 'aria-keyshortcuts': 'Escape' },
        'Close ',
        element('kbd', {}, 'Esc'),
      );
      const { scrollTop } = pane;
      pane.replaceChildren(element('header', {}, element('h2', {}, title), close), ...draw());
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

/** Names and values. A value that looks secret by its name is hidden. */
export function facts(pairs) {
  const rows = pairs
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value, isSecret = false]) =>
      element('div', {}, element('dt', {}, name), element('dd', {}, isSecret ? secret(name, value) : value)),
    );
  return element('dl.facts', {}, rows);
}

/** Values of the developer's own names. */
export function values(record) {
  return facts(Object.entries(record).map(([name, value]) => [name, String(value), looksSecret(name)]));
}

export const section = (title, ...children) => element('section', {}, element('h3', {}, title), ...children);
