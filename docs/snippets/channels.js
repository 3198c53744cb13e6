const say = (event, fields) => socket.send(JSON.stringify({ event, ...fields }));

socket.addEventListener('message', ({ data: text }) => {
  const { event, channel, data } = JSON.parse(text);
  const value = typeof data === 'string' ? JSON.parse(data) : data;
  if (event === 'pusher:connection_established') say('pusher:subscribe', { data: { channel: 'presence-room' } });
  if (event === 'pusher_internal:subscription_succeeded') {
    log(`Here: ${value.presence.ids}`);
    say('client-typing', { channel, data: { where: 'the message box' } });
  }
  if (event === 'pusher_internal:member_added') log(`${value.user_info.name} is here now`);
  if (event === 'pusher_internal:member_removed') log(`${value.user_id} has left`);
  if (event === 'client-typing') log(`Somebody types into ${value.where}`);
});
setInterval(() => say('pusher:ping', { data: {} }), 120_000); // API Gateway closes a socket after ten silent minutes
