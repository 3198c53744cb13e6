stayConnected(({ event, channel, data }, say) => {
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
