/**
 * All that a page needs for session-socket: the browser's own WebSocket and the Pusher protocol's JSON frames. Keeps a
 * socket open for as long as the PHP session lives, and says what happens: `onState` gets connecting, open, refused or
 * signed out; `onEvent` gets every frame, `{event, channel, data}` with its data decoded, and `send(frame)`; `open` is one of
 * those below.
 */
export async function keepConnected(url, onState, onEvent, open = withToken) {
  onState('connecting');
  for (let attempt = 0; ; attempt++) {
    const socket = await open(url, attempt).catch(() => undefined); // PHP is away: later
    if (socket === 'signed out') return onState('signed out');
    if (socket) {
      const send = (frame) => socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify(frame));
      let openedAt;
      let pings;
      socket.onopen = () => {
        openedAt = Date.now();
        onState('open');
        // API Gateway closes a socket that says nothing for ten minutes.
        pings = setInterval(() => send({ event: 'pusher:ping', data: {} }), 4 * 60_000);
      };
      socket.onmessage = (message) => {
        const frame = JSON.parse(message.data);
        onEvent({ ...frame, data: decode(frame.data) }, send);
      };
      await new Promise((resolve) => {
        socket.onclose = resolve;
      });
      clearInterval(pings);
      onState(openedAt ? 'connecting' : 'refused');
      if (openedAt && Date.now() - openedAt > 10_000) attempt = 0;
    }
    // Full jitter: when a gateway comes back, its browsers should not all arrive in the same second.
    const waitMs = Math.random() * Math.min(30_000, 1_000 * 2 ** attempt);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

/** With a token from PHP, a fresh one every time: a login changes it. */
export async function withToken(url) {
  const answer = await fetch('/getSessionID');
  if (answer.status === 403) return 'signed out';
  const token = answer.ok && (await answer.json());
  return token ? new WebSocket(`${url}?token=${encodeURIComponent(token)}`) : undefined;
}

/**
 * Where page and socket share a domain: the browser sends the session's cookie by itself. It is not told why a handshake
 * failed or a socket closed, so from then on PHP is asked whether anybody is logged in.
 */
export async function withCookie(url, attempt) {
  if (attempt > 0 && (await fetch('/getSessionID')).status === 403) return 'signed out';
  return new WebSocket(url);
}

/** An event's data is JSON in a string; a publisher may also have sent plain words. */
function decode(data) {
  if (typeof data !== 'string') return data;
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}
