/** on(), join() and emit() as in socket.io, built on the function stayConnected(). */
function createSocket() {
  const [handlers, channels] = [new Map(), new Set()];
  let say = () => {}; // until the first welcome
  const subscribe = (channel) => say('pusher:subscribe', { data: { channel } });
  const socket = {
    id: undefined, // another one after each reconnect
    on: (event, handler) => handlers.set(event, handler),
    join(channel) {
      channels.add(channel);
      subscribe(channel);
    },
    emit: (channel, event, data) => say(`client-${event}`, { channel, data }), // to the others on the channel
  };
  stayConnected(({ event, channel, data }, answer) => {
    const value = typeof data === 'string' ? JSON.parse(data) : data;
    if (event === 'pusher:connection_established') {
      [say, socket.id] = [answer, value.socket_id];
      channels.forEach(subscribe);
    }
    handlers.get(event)?.(value, channel);
  });
  return socket;
}

const socket = createSocket();
socket.join('presence-room');
socket.on('message', ({ from, text }) => log(`${from}: ${text}`)); // from PHP
socket.on('client-typing', ({ name }) => log(`${name} is typing`)); // from another page
