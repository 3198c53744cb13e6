import { Agent, request } from 'node:http';
import { connect } from 'node:net';

/** Sends one request and resolves once it has read the whole answer. */
export type Ask = () => Promise<void>;

/** Node's own client with a keep-alive connection, and nothing else. */
export function askByNodeHttp(port: number, headers: Readonly<Record<string, string>>) {
  const agent = new Agent({ keepAlive: true });
  const options = { host: '127.0.0.1', port, path: '/getSessionID', headers, agent };
  const ask: Ask = () =>
    new Promise((resolve, reject) => {
      const asked = request(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('end', () => resolve());
      });
      asked.once('error', reject);
      asked.end();
    });
  return { ask, close: () => agent.destroy() };
}

/** The minimum: one socket, a prepared request, and an answer whose bytes are only counted. */
export async function askByRawSocket(port: number, headers: Readonly<Record<string, string>>) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const bytes = Buffer.from(`GET /getSessionID HTTP/1.1\r\n${lines.join('')}\r\n`);
  const socket = connect(port, '127.0.0.1').setNoDelay();
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));

  let received = Buffer.alloc(0);
  let answered = () => {};
  let failed = (_error: Error) => {};
  socket.on('data', (chunk) => {
    received = received.length === 0 ? Buffer.from(chunk) : Buffer.concat([received, chunk]);
    if (!isWhole(received)) return;
    received = Buffer.alloc(0);
    answered();
  });
  socket.on('error', (error) => failed(error));
  socket.once('close', () => failed(new Error('The server closed the connection.')));

  const ask: Ask = () =>
    new Promise((resolve, reject) => {
      answered = resolve;
      failed = reject;
      socket.write(bytes);
    });
  return { ask, close: () => void socket.destroy() };
}

function isWhole(answer: Buffer): boolean {
  const headEnd = answer.indexOf('\r\n\r\n');
  if (headEnd < 0) return false;
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(answer.toString('latin1', 0, headEnd + 2))?.[1];
  return answer.length >= headEnd + 4 + Number(length);
}
