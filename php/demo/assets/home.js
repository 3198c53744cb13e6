import { find } from './element.js';

const { socketUrl = '', way } = find('script[data-socket-url]').dataset;

const socket = new WebSocket(way === 'cookie' ? socketUrl : `${socketUrl}?token=${inventToken()}`);
socket.onopen = () => show('connected');
socket.onerror = () => show('refused');

/** Of the right shape, and PHP never gave it to anybody: what a stranger would have to guess. */
function inventToken() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const token = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  find('[data-field=token]').textContent = token;
  return token;
}

function show(outcome) {
  socket.onerror = null;
  find('.state').dataset['tone'] = outcome === 'refused' ? 'good' : 'bad';
  find('[data-testid=stranger]').textContent = outcome;
  socket.close();
}
