import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { exchange, type HttpAnswer, type HttpRequest } from '../../functions/edge/http.ts';
import { answerJson, hangUp, neverAnswer, WebServer } from '../fakes/web-server.ts';

let server: WebServer;
beforeEach(async () => {
  server = await WebServer.start(answerJson('hello'));
});
afterEach(() => {
  vi.useRealTimers();
  return server.close();
});

/** From now on a deadline comes when the test says so, however busy the machine is. */
const stopTime = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });

function ask(request: Partial<HttpRequest> = {}): Promise<HttpAnswer> {
  const defaults = {
    method: 'GET',
    headers: {},
    timeoutMs: 20_000,
    maxBodyBytes: 1000,
    wantsBody: () => true,
  } as const;
  return exchange({ url: server.url(), ...defaults, ...request });
}

it('answers with status, headers and body', async () => {
  expect(await ask()).toMatchObject({ status: 200, headers: { 'content-type': 'application/json' }, body: '"hello"' });
});

it('sends method, path with query, headers and body', async () => {
  server.mood = (request, response) => request.pipe(response);
  const answer = await ask({ url: server.url('/a?b=c'), method: 'POST', headers: { 'x-a': 'b' }, body: 'hello' });
  expect(answer.body).toBe('hello');
  expect(server.lastRequest).toMatchObject({ method: 'POST', url: '/a?b=c', headers: { 'x-a': 'b' } });
});

it('joins the chunks of a body without breaking a character', async () => {
  const euro = Buffer.from('€');
  server.mood = async (_, response) => {
    response.write(euro.subarray(0, 1));
    await pause(5);
    response.end(euro.subarray(1));
  };
  expect((await ask()).body).toBe('€');
});

// A shutdown function of a PHP app may output more than answer() said. Behind `php -S` and mod_php that comes after the
// length, and Node's parser made an error of the whole answer.
it('reads an answer up to its Content-Length, and nothing after it', async () => {
  for (const connection of ['close', 'keep-alive']) {
    server.mood = (request) => {
      request.socket.end(
        `HTTP/1.1 200 OK\r\nConnection: ${connection}\r\nContent-Length: 4\r\n\r\n"ok"<!-- cached -->`,
      );
    };
    expect((await ask()).body).toBe('"ok"');
  }
});

it('follows no redirect', async () => {
  server.mood = (_, response) => response.writeHead(302, { location: '/login' }).end();
  expect(await ask()).toMatchObject({ status: 302 });
  expect(server.requests).toHaveLength(1);
});

describe('a keep-alive connection', () => {
  it('serves one exchange after the other', async () => {
    for (let n = 0; n < 3; n++) await ask();
    expect(server.requests).toHaveLength(3);
    expect(server.connections).toHaveLength(1);
  });

  it('is reused after an answer with an unwanted body', async () => {
    server.mood = (_, response) => response.writeHead(403).end('<h1>Please log in</h1>');
    const wantsBody = () => false;
    expect(await ask({ wantsBody })).toMatchObject({ status: 403, body: '' });
    await pause(10);
    await ask({ wantsBody });
    expect(server.connections).toHaveLength(1);
  });

  it('that turns out to be dead is replaced once', async () => {
    await ask();
    const [kept] = server.connections;
    server.mood = (request, response) => {
      if (request.socket === kept) request.socket.resetAndDestroy();
      else answerJson('again')(request, response);
    };
    expect(await ask()).toMatchObject({ body: '"again"' });
    expect(server.connections).toHaveLength(2);
    expect(server.requests).toHaveLength(3);
  });

  // After a freeze the first write to a connection whose other end is gone can fail as EPIPE, or the proxy has said
  // good-bye on it.
  it.each([
    ['EPIPE', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })],
    ['ETIMEDOUT', Object.assign(new Error('read ETIMEDOUT'), { code: 'ETIMEDOUT' })],
    ['no name at all', new Error('socket hang up')],
  ])('that turns out to be dead is replaced for the error %s', async (_, error) => {
    const dialled: Socket[] = [];
    const note = (message: unknown) => dialled.push((message as { socket: Socket }).socket);
    subscribe('net.client.socket', note);
    await ask();
    unsubscribe('net.client.socket', note);
    const [kept] = server.connections;
    server.mood = (request, response) => {
      if (request.socket === kept) dialled[0]?.destroy(error);
      else answerJson('again')(request, response);
    };
    expect(await ask()).toMatchObject({ body: '"again"' });
    expect(server.requests).toHaveLength(3);
  });

  it('on which a proxy answered 408 while it was idle is replaced', async () => {
    await ask();
    const [kept] = server.connections;
    server.mood = (request, response) => {
      if (request.socket === kept) response.writeHead(408, { connection: 'close' }).end();
      else answerJson('again')(request, response);
    };
    expect(await ask()).toMatchObject({ body: '"again"' });
    server.mood = (_, response) => response.writeHead(408, { connection: 'close' }).end();
    expect(await ask()).toMatchObject({ status: 408 });
  });

  it('that turns out to be dead causes no third attempt', async () => {
    await ask();
    server.mood = hangUp;
    await expect(ask()).rejects.toThrow('the connection failed (ECONNRESET)');
    expect(server.requests).toHaveLength(3);
  });

  // The second try used to take another kept connection, which had died in the same night as the first: 500.
  it('that turns out to be dead is replaced by a new one, not by another kept one', async () => {
    await Promise.all([ask(), ask()]);
    const kept = [...server.connections];
    expect(kept).toHaveLength(2);
    server.mood = (request, response) => {
      if (kept.includes(request.socket)) request.socket.resetAndDestroy();
      else answerJson('again')(request, response);
    };
    expect(await ask()).toMatchObject({ body: '"again"' });
    expect(server.requests).toHaveLength(4);
  });

  // Giving up destroys the request, which looks like a reset; on a kept connection that was taken for a stale one, so
  // that PHP, which was too slow already, was asked a second time, with no deadline and nobody to hear the answer.
  it('on which the answer is late is closed, without a second request', async () => {
    await ask();
    stopTime();
    const asked = server.asked(neverAnswer);
    const outcome = expect(ask({ timeoutMs: 50 })).rejects.toThrow('it did not answer within 50 ms');
    await asked;
    vi.advanceTimersByTime(50);
    await outcome;
    vi.useRealTimers();
    await pause(50);
    expect(server.requests).toHaveLength(2);
    expect(server.connections).toHaveLength(1);
  });

  // Such a reset comes twice, once for the request and once for its answer; the first was taken for a stale connection.
  it('that is reset in the middle of an answer is not replaced', async () => {
    await ask();
    server.mood = (request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half');
      setTimeout(() => request.socket.resetAndDestroy(), 20);
    };
    await expect(ask()).rejects.toThrow('the connection failed (ECONNRESET)');
    await pause(50);
    expect(server.connections).toHaveLength(1);
  });
});

describe('a fresh connection', () => {
  it('that is reset causes no retry, because PHP may have got the request', async () => {
    server.mood = hangUp;
    await expect(ask()).rejects.toThrow('the connection failed (ECONNRESET)');
    expect(server.requests).toHaveLength(1);
  });

  it('that is refused is a failure that says so', async () => {
    const url = server.url();
    await server.close();
    server = await WebServer.start();
    await expect(ask({ url })).rejects.toThrow('the connection failed (ECONNREFUSED)');
  });
});

describe('the deadline', () => {
  it('limits an answer that never begins', async () => {
    server.mood = neverAnswer;
    await expect(ask({ timeoutMs: 50 })).rejects.toThrow('within 50 ms');
  });

  it('limits a body that never ends, although data arrives all the time', async () => {
    server.mood = (request, response) => {
      const drip = setInterval(() => response.write(' '), 5);
      request.socket.once('close', () => clearInterval(drip));
    };
    await expect(ask({ timeoutMs: 50 })).rejects.toThrow('within 50 ms');
  });

  it('limits both attempts together', async () => {
    await ask();
    const [kept] = server.connections;
    stopTime();
    server.mood = (request) => {
      vi.advanceTimersByTime(request.socket === kept ? 400 : 100);
      if (request.socket === kept) request.socket.resetAndDestroy();
    };
    await expect(ask({ timeoutMs: 500 })).rejects.toThrow('within 500 ms');
    expect(server.requests).toHaveLength(3);
  });

  it('closes the connection to a server that never ends an unwanted body', async () => {
    server.mood = (_, response) => response.writeHead(403).write('<h1>');
    stopTime();
    expect(await ask({ timeoutMs: 50, wantsBody: () => false })).toMatchObject({ status: 403 });
    const [connection] = server.connections;
    const closed = connection && once(connection, 'close');
    expect(connection?.destroyed).toBe(false);
    vi.advanceTimersByTime(50);
    await closed;
  });
});

describe('the limit of bytes', () => {
  it('accepts a body that just fits', async () => {
    server.mood = (_, response) => response.end('x'.repeat(1000));
    expect((await ask()).body).toHaveLength(1000);
  });

  it('rejects a body of one byte more, and closes the connection', async () => {
    server.mood = (_, response) => response.end('x'.repeat(1001));
    await expect(ask()).rejects.toThrow('its answer is longer than 1000 bytes');
  });

  it('closes the connection for an endless body, wanted or not', async () => {
    server.mood = (request, response) => {
      const flood = setInterval(() => response.write('x'.repeat(100)), 1);
      request.socket.once('close', () => clearInterval(flood));
    };
    await expect(ask()).rejects.toThrow('longer than');
    expect(await ask({ wantsBody: () => false })).toMatchObject({ status: 200 });
    await expect.poll(() => server.connections.every(({ destroyed }) => destroyed)).toBe(true);
  });
});

describe('an odd answer', () => {
  it.each([16, 21, 60])('may have %i KB of headers, as caches with tags send them', async (kilobytes) => {
    const tags = Object.fromEntries(
      Array.from({ length: kilobytes }, (_, index) => [`x-tag-${index}`, 'x'.repeat(1012)]),
    );
    server.mood = (_, response) => response.writeHead(200, { ...tags, 'content-type': 'text/plain' }).end('hello');
    expect(await ask()).toMatchObject({ status: 200, body: 'hello' });
  });

  it.each([
    ['cut off in the middle of its body', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf', 'ECONNRESET'],
    ['cut off in the middle of its headers', 'HTTP/1.1 200 OK\r\ncontent-le', 'ECONNRESET'],
    ['not HTTP', 'SSH-2.0-OpenSSH_9.2\r\n', 'HPE_'],
    ['a flood of headers', `HTTP/1.1 200 OK\r\n${'x-a: b\r\n'.repeat(20_000)}\r\n`, 'HPE_HEADER_OVERFLOW'],
    ['of two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab', 'HPE_'],
    ['a change of protocol', 'HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n', 'did not answer'],
  ])('is a failure if it is %s', async (_, bytes, reason) => {
    server.mood = (request) => request.socket.end(bytes);
    const timeoutMs = reason === 'did not answer' ? 200 : 20_000;
    await expect(ask({ timeoutMs })).rejects.toThrow(reason);
  });
});
