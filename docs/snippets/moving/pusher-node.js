import Pusher from 'pusher';

const { host, protocol } = new URL(process.env.SESSION_SOCKET_API_URL);

export const pusher = new Pusher({
  appId: process.env.SESSION_SOCKET_APP_ID,
  key: process.env.SESSION_SOCKET_KEY,
  secret: process.env.SESSION_SOCKET_SECRET,
  host,
  useTLS: protocol === 'https:',
});
