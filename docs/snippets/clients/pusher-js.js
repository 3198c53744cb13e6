import Pusher from 'pusher-js';
import { useTickets } from './pusher-tickets.js';

useTickets(Pusher, { key, url: webSocketUrl }); // the stack's outputs Key and WebSocketUrl

const pusher = new Pusher(key, {
  cluster: '', // pusher-js requires it; it has no effect here
  enabledTransports: ['ws', 'wss'], // otherwise it tries Pusher's own servers over HTTP
  activityTimeout: 540_000, // pings after nine silent minutes, not after two
  channelAuthorization: { endpoint: '/pusher/auth' },
});

const orders = pusher.subscribe('private-orders-ada');
orders.bind('shipped', (order) => console.log('shipped', order.id));

const room = pusher.subscribe('presence-office');
room.bind('pusher:subscription_succeeded', ({ count }) => console.log('here', count));
room.bind('client-typing', (_data, { user_id }) => console.log('typing', user_id));
