import Echo from 'laravel-echo';
import Pusher from 'pusher-js';
import { useTickets } from './pusher-tickets.js';

useTickets(Pusher, { key, url: webSocketUrl }); // the stack's outputs Key and WebSocketUrl

const echo = new Echo({
  broadcaster: 'pusher',
  Pusher,
  key,
  cluster: '',
  enabledTransports: ['ws', 'wss'],
  activityTimeout: 540_000,
});

echo.private('orders-ada').listen('OrderShipped', (order) => console.log('shipped', order.id));

const room = echo.join('office');
room.here((people) => console.log('here', people.length));
room.listenForWhisper('typing', ({ name }) => console.log('typing', name));
