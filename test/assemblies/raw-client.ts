import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';

/** A client below `ws`: it can do what a well-behaved one cannot. */
export interface RawClient {
  readonly socket: Socket;
  /** Resolves when this much of what the server sent has arrived, as it is on the wire. */
  until(text: string): Promise<string>;
}

/** Sends the handshake for this path of the WebSocket URL's host, and does not wait for its answer. */
export async function connectRaw(url: string, more = '', ...headers: readonly string[]): Promise<RawClient> {
  const { port, pathname, search } = new URL(url);
  const socket = connectTcp(Number(port), '127.0.0.1');
  await once(socket, 'connect');
  let received = '';
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
  });
  const lines = [
    `GET ${pathname}${search} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n${more}`, 'latin1');
  return {
    socket,
    async until(text) {
      while (!received.includes(text)) {
        // The last chunk may come together with the end.
        if (socket.readableEnded || socket.destroyed) throw new Error(`The server sent only: ${received}`);
        await Promise.race([once(socket, 'data'), once(socket, 'close')]);
      }
      return received;
    },
  };
}

/** One whole frame of up to 125 bytes, masked with zeros. https://www.rfc-editor.org/rfc/rfc6455#section-5.2 */
export function frame(opcode: number, payload: string): string {
  return `${String.fromCharCode(0x80 | opcode, 0x80 | payload.length)}\0\0\0\0${payload}`;
}
