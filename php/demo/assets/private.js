import { element, find } from './element.js';
import { openRoom } from './room.js';
import { keepConnected, withCookie, withToken } from './socket.js';

const LISTED_EVENTS = 12;
const STATES = {
  connecting: { tone: 'waiting', hint: '' },
  open: { tone: 'good', hint: '' },
  refused: { tone: 'bad', hint: 'The gateway did not let this session in. Trying again.' },
  'signed out': { tone: 'bad', hint: 'Your PHP session has ended, so no socket opens any more.' },
};

const { socketUrl = '', way } = find('script[data-socket-url]').dataset;
const stateLine = find('.state');
const stateName = find('[data-testid=state]');
const events = find('[data-testid=events]');
const field = (name) => find(`[data-field=${name}]`);
const tellRoom = openRoom();
let count = 0;

const listen = (frame, send) => {
  showEvent(frame);
  tellRoom?.(frame, send);
};
keepConnected(socketUrl, showState, listen, way === 'cookie' ? withCookie : withToken);

function showState(state) {
  const { tone, hint } = STATES[state];
  stateLine.dataset['tone'] = tone;
  stateName.textContent = state;
  field('hint').textContent = hint;
  field('login').hidden = state !== 'signed out';
  if (state !== 'open') field('socket-id').textContent = '–';
}

function showEvent({ event, data }) {
  if (event === 'pusher:connection_established') field('socket-id').textContent = data.socket_id;
  if (event === 'pusher:error') field('hint').textContent = data.message;
  if (!event || event.startsWith('pusher')) return;

  field('count').textContent = String(++count);
  const now = new Date();
  const time = element('time', now.toLocaleTimeString([], { hour12: false }));
  time.dateTime = now.toISOString();
  const row = element('li');
  row.append(time, element('b', event), element('code', JSON.stringify(data)));
  events.prepend(row);
  while (events.children.length > LISTED_EVENTS) events.lastElementChild?.remove();
}
