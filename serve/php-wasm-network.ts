import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { WebSocketServer } from 'ws';

const loopback = new Set(['127.0.0.1', 'localhost', '::1']);

/** The network of Emscripten's sockets: each socket is a WebSocket to our server. */
export interface WasmNetwork {
  readonly url: (socket: unknown, host: string, port: number) => string;
  readonly subprotocol: 'binary';
}

/**
 * WebAssembly has no TCP, so this server opens PHP's connections and copies the bytes. It connects only to this machine
 * (https://emscripten.org/docs/porting/networking.html#emulated-posix-tcp-sockets-over-websockets).
 */
export async function startWasmNetwork(): Promise<WasmNetwork> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (socket, request) => {
    const { searchParams } = new URL(request.url ?? '/', 'ws://127.0.0.1');
    const host = searchParams.get('host') ?? '';
    if (!loopback.has(host)) {
      socket.close();
      return;
    }
    const line = connect(Number(searchParams.get('port')), host);
    line.on('data', (bytes) => socket.send(bytes));
    line.on('close', () => socket.close());
    line.on('error', () => socket.close());
    socket.on('message', (bytes: Buffer) => line.write(bytes));
    socket.on('close', () => line.destroy());
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: (_socket, host, to) => `ws://127.0.0.1:${port}/?host=${host}&port=${to}`,
    subprotocol: 'binary',
  };
}
