// A token of the right shape that PHP never gave to anybody: what a stranger would have to guess.
const bytes = crypto.getRandomValues(new Uint8Array(16));
const token = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

const { socketUrl } = document.querySelector('script[data-socket-url]').dataset;
document.querySelector('[data-field=token]').textContent = token;

const socket = new WebSocket(`${socketUrl}?token=${token}`);
socket.onopen = () => show('connected');
socket.onerror = () => show('refused');

function show(outcome) {
  socket.onerror = null;
  document.querySelector('.state').dataset.tone = outcome === 'refused' ? 'good' : 'bad';
  document.querySelector('[data-testid=stranger]').textContent = outcome;
  socket.close();
}
