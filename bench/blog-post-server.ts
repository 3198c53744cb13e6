import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { serve } from './serve.ts';

/**
 * The comparison: the socket.io server of the 2016 blog post, rewritten for socket.io 4. The check is the same: a
 * middleware sends the token to PHP as `Cookie: PHPSESSID=<token>`, and accepts the client if PHP answers with the same
 * token.
 *
 * The post's server had bugs that would make it faster or crash it, so they are fixed here. It compared with `==`, so
 * it accepted a client without a token when PHP answered `null` (`undefined == null`). It ignored the status. It parsed
 * each chunk as the whole body. It passed on any token, even with `;`. It crashed when PHP was down. Its `hello` every
 * second is left out, as on our side.
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
