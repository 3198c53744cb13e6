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
    if (answer?.ok) {
      const token = await answer.json();
      const openForMs = await connectOnce(`${url}?token=${encodeURIComponent(token)}`, onState, onEvent);
      onState(openForMs === undefined ? 'refused' : 'connecting');
      if (openForMs > 10_000) attempt = 0;
    }
    // Full jitter: when a gateway comes back, its browsers should not all arrive in the same second.
    const waitMs = Math.random() * Math.min(30_000, 1_000 * 2 ** attempt);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

/** Resolves when the socket has closed: with the time it was open, or undefined when it never was. */
function connectOnce(url, onState, onEvent) {
  return new Promise((resolve) => {
    const socket = new WebSocket(url);
    let openedAt;
    let pings;
    socket.onopen = () => {
      openedAt = performance.now();
      onState('open');
      // API Gateway closes a socket that says nothing for ten minutes.
      pings = setInterval(() => socket.send('{"event":"pusher:ping","data":{}}'), 4 * 60_000);
    };
    socket.onmessage = (message) => {
      const { event, data } = JSON.parse(message.data);
      onEvent(event, decode(data));
    };
    socket.onclose = () => {
      clearInterval(pings);
      resolve(openedAt === undefined ? undefined : performance.now() - openedAt);
    };
  });
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
