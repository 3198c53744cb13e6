import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { serve } from './serve.ts';

/**
 * The rival: the socket.io server of the 2016 blog post, written anew for socket.io 4. Same check: a middleware sends the
 * token to PHP as `Cookie: PHPSESSID=<token>` and lets in whoever is answered with that very token.
 *
 * The post's own server had holes that would flatter it or end it, so they are closed here: it compared with `==`, and a
 * client without a token was let in when PHP answered `null` (`undefined == null`); it never looked at the status; it
 * parsed each chunk as if it were the whole body; it passed on any token, `;` included; and it crashed when PHP was down.
 * Its `hello` every second is left out, as it is on our side.
 */
const io = new Server({ serveClient: false });
io.use((socket, next) => {
  const refuse = () => next(new Error('not authorized'));
  const { token } = socket.handshake.query;
  if (typeof token !== 'string' || !/^[A-Za-z0-9,-]{22,250}$/.test(token)) return refuse();

  get(`${process.env['PAGE_URL']}/getSessionID`, { headers: { cookie: `PHPSESSID=${token}` } }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.once('error', refuse);
    response.once('end', () => {
      const isTheirs = response.statusCode === 200 && parse(Buffer.concat(chunks).toString()) === token;
      return isTheirs ? next() : refuse();
    });
  }).once('error', refuse);
});

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

const server = createServer();
io.attach(server);
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
serve({ ready: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
