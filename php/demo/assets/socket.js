/**
 * All that a page needs for session-socket: the browser's own WebSocket and the Pusher protocol's JSON frames. Keeps a
 * socket open for as long as the PHP session lives, and says what happens: `onState` gets connecting, open, refused or
 * signed out; `onEvent` gets the name and the data of every event.
 */
export async function keepConnected(url, onState, onEvent) {
  onState('connecting');
  for (let attempt = 0; ; attempt++) {
    const answer = await fetch('/getSessionID').catch(() => undefined); // a fresh token every time: a login changes it
    if (answer?.status === 403) return onState('signed out');
    const token = answer?.ok && (await answer.json().catch(() => undefined));
    if (token) {
      const socket = new WebSocket(`${url}?token=${encodeURIComponent(token)}`);
      let openedAt;
      let pings;
      socket.onopen = () => {
        openedAt = Date.now();
        onState('open');
        // API Gateway closes a socket that says nothing for ten minutes.
        pings = setInterval(() => socket.send('{"event":"pusher:ping","data":{}}'), 4 * 60_000);
      };
      socket.onmessage = (message) => {
        const { event, data } = JSON.parse(message.data);
        onEvent(event, decode(data));
      };
      await new Promise((resolve) => {
        socket.onclose = resolve;
      });
      clearInterval(pings);
      onState(openedAt ? 'connecting' : 'refused');
      if (Date.now() - openedAt > 10_000) attempt = 0;
    }
    // Full jitter: when a gateway comes back, its browsers should not all arrive in the same second.
    const waitMs = Math.random() * Math.min(30_000, 1_000 * 2 ** attempt);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
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
