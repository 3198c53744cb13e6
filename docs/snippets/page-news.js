stayConnected((frame, say) => {
  console.log(frame);
  if (frame.event === 'pusher:connection_established') say('pusher:subscribe', { data: { channel: 'news' } });
});
