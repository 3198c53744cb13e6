/** Keeps a socket open until PHP says that nobody is logged in. `onFrame` gets each frame and `say`, which sends one. */
async function stayConnected(onFrame, failures = 0) {
  const beganAt = Date.now();
  const again = () => {
    const next = Date.now() - beganAt > 60_000 ? 0 : failures + 1; // random, so that not all pages reconnect at once
    setTimeout(stayConnected, Math.random() * Math.min(60_000, 1_000 * 2 ** next), onFrame, next);
  };
  const answer = await fetch('/getSessionID').catch(() => undefined); // no network
  if ([401, 403].includes(answer?.status)) return; // logged out
  if (!answer?.ok) return again();
  const socket = new WebSocket(webSocketUrl);
  const say = (event, fields) => socket.send(JSON.stringify({ event, ...fields }));
  const pings = setInterval(say, 240_000, 'pusher:ping', { data: {} }); // API Gateway closes after ten silent minutes
  socket.onmessage = ({ data }) => onFrame(JSON.parse(data), say);
  socket.onclose = () => {
    clearInterval(pings);
    again();
  };
}

stayConnected((frame) => console.log(frame));
