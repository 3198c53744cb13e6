import { readFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { diagnose, faultsIn, find } from '../doctor/diagnose.ts';
import { type Tls, WebServer } from '../fakes/web-server.ts';

/** For a question that gets no answer, however long anybody waits. */
const hopelessMs = 300;
const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n';
const silence = 'no answer in time';
const closers: (() => Promise<void>)[] = [];

/** Answers whatever is asked with these bytes, and does no more. */
async function startRaw(answer: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', () => answer(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/getSessionID`;
}

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

describe('session-socket doctor, without a healthy app,', () => {
  it.each([
    ['garbage', 'SSH-2.0-OpenSSH_9.2\r\n', /is not HTTP \(HPE_/],
    ['a header that is none', `${head}b\u0000d: x\r\n\r\n`, /is not HTTP \(HPE_/],
    ['headers without end', `${head}X-Long: ${'x'.repeat(100_000)}`, /is not HTTP \(HPE_HEADER_OVERFLOW\)/],
    ['two lengths', `${head}Content-Length: 1\r\nContent-Length: 2\r\n\r\n""`, /is not HTTP \(HPE_/],
    ['half a body', `${head}Content-Length: 100\r\n\r\n"half`, silence],
    ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n', /^no answer/],
    ['nothing', '', silence],
  ])('reports that %s is no answer', async (_, bytes, says) => {
    const hopeless = says === silence ? [hopelessMs] : [];
    const results = await diagnose(await startRaw((socket) => socket.write(bytes)), {}, ...hopeless);
    expect(find(results, 'reachable')).toMatchObject({ outcome: 'problem', says: expect.stringMatching(says) });
    expect(Object.keys(faultsIn(results))).toEqual(['reachable']);
  });

  it('reports a connection that is cut', async () => {
    const results = await diagnose(await startRaw((socket) => socket.resetAndDestroy()));
    expect(find(results, 'reachable').says).toBe('no answer (ECONNRESET)');
  });

  it('reports a port without a server, and an unknown host', async () => {
    const url = await startRaw(() => {});
    await closers.pop()?.();
    expect(find(await diagnose(url), 'reachable').says).toBe('no answer (ECONNREFUSED)');
    // https://www.rfc-editor.org/rfc/rfc6761#section-6.4
    expect(find(await diagnose('https://host.invalid/'), 'reachable').says).toMatch(/^the host has no address \(E/);
  });

  it('closes the connection on an endless body', async () => {
    const url = await startRaw((socket) => {
      socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n`);
      const chunk = `1000\r\n${' '.repeat(0x1000)}\r\n`;
      const go = () => {
        while (socket.writable && socket.write(chunk));
      };
      socket.on('drain', go);
      go();
    });
    expect(find(await diagnose(url), 'size')).toMatchObject({ outcome: 'problem' });
  });

  it('counts requests without an answer among the answered ones', async () => {
    let asked = 0;
    const url = await startRaw((socket) => {
      asked += 1;
      if (asked % 2 === 0) return socket.resetAndDestroy();
      return socket.end('HTTP/1.1 403 No\r\nCache-Control: no-store\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    });
    expect(find(await diagnose(url), 'reachable')).toMatchObject({
      outcome: 'warning',
      says: expect.stringMatching(/^\d of \d requests were not answered \(ECONNRESET\)$/),
    });
  });

  it('reports an untrusted certificate', async () => {
    const server = await WebServer.start((_, response) => response.writeHead(403).end(), await readTls());
    closers.push(() => server.close());
    const results = await diagnose(server.url('/getSessionID'));
    expect(find(results, 'reachable').says).toMatch(/^the TLS certificate or connection is not valid \(/);
    expect(server.requests).toEqual([]);
  });
});

async function readTls(): Promise<Tls> {
  const read = (name: string) => readFile(`test/fixtures/tls/somebody-else.${name}`, 'utf8');
  return { key: await read('key'), cert: await read('cert') };
}
