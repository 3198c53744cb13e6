import { setImmediate as settle } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { SocketTrouble } from '../../../functions/core/delivery/socket-sender.ts';
import { createSockets } from '../../../functions/edge/connections/sockets.ts';
import { connectionId } from '../../fakes/events.ts';
import { answerJson, hangUp, type Mood, neverAnswer, WebServer } from '../../fakes/web-server.ts';

let gateway: WebServer;
beforeAll(async () => {
  gateway = await WebServer.start();
});
afterAll(() => gateway.close());

const create = () => {
  const credentials = { accessKeyId: 'none', secretAccessKey: 'none', sessionToken: undefined };
  return createSockets({ callbackUrl: gateway.url('/live').href, region: 'eu-central-1', credentials }, settings);
};
const settings = { maxAttempts: 1, timeoutMs: 20_000 };

/** As API Gateway answers for a socket that is closed or not open yet: no body, only a header. */
const gone: Mood = (_, response) => response.writeHead(410, { 'x-amzn-errortype': 'GoneException' }).end();

function post(frame: string | Uint8Array = '{"event":"x"}', id = connectionId) {
  return create().post(id, frame);
}

it('posts the unchanged frame to the connection, below the stage', async () => {
  const chunks: Buffer[] = [];
  gateway.mood = (request, response) => {
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => response.end());
  };
  expect(await post('{"event":"grüße"}')).toBe('delivered');
  expect(gateway.lastRequest.method).toBe('POST');
  expect(gateway.lastRequest.url).toBe('/live/@connections/L0SM9cOFvHcCIhw%3D');
  expect(Buffer.concat(chunks).toString()).toBe('{"event":"grüße"}');
});

it('answers gone for a socket that is not open', async () => {
  gateway.mood = gone;
  expect(await post()).toBe('gone');
});

it('posts bytes unchanged', async () => {
  const chunks: Buffer[] = [];
  gateway.mood = (request, response) => {
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => response.end());
  };
  expect(await post(Buffer.from('{"event":"grüße"}'))).toBe('delivered');
  expect(Buffer.concat(chunks).toString()).toBe('{"event":"grüße"}');
});

it.each([
  ['throttled', answerJson({ message: 'Limit Exceeded' }, 429), { status: 429, retryable: true }],
  ['not allowed', answerJson({ message: 'User is not authorized' }, 403), { status: 403, retryable: false }],
  ['to an id that cannot be one', answerJson({ message: 'Invalid' }, 400), { status: 400, retryable: false }],
  ['too large', answerJson({ message: 'x' }, 413), { status: 413, retryable: false }],
  ['answered with a fault', answerJson({ message: 'Internal server error' }, 500), { status: 500, retryable: true }],
  ['hung up on', hangUp, { status: undefined, retryable: true }],
] as const)('throws for a post that is %s, because the socket may be open, and asks once', async (_, mood, trouble) => {
  gateway.requests.length = 0;
  gateway.mood = mood;
  const error = await post().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(SocketTrouble);
  expect(error).toMatchObject(trouble);
  expect(gateway.requests).toHaveLength(1);
});

it('rethrows a fault of our own instead of a SocketTrouble', async () => {
  const nobody = null as unknown as string;
  await expect(post('{}', nobody)).rejects.not.toBeInstanceOf(SocketTrouble);
});

it('gives up a post that is not answered in time, without a retry if maxAttempts is 1', async () => {
  gateway.requests.length = 0;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const asked = gateway.asked(neverAnswer);
  const outcome = expect(post()).rejects.toThrow(SocketTrouble);
  await asked;
  vi.advanceTimersByTime(settings.timeoutMs);
  await outcome;
  expect(gateway.requests).toHaveLength(1);
});

// A kept connection that dies before the answer begins has carried nothing, and the post is sent again in silence. An
// answer that began says that it was taken: in silence again would say it twice, with nobody asked whether they want
// that.
it('throws for a post whose answer breaks off in the middle on a kept connection, without a retry', async () => {
  const sockets = create();
  gateway.mood = (_, response) => response.end();
  await sockets.post(connectionId, '{"event":"x"}');
  // The connection is free for the next post a turn after the answer.
  await settle();
  gateway.requests.length = 0;
  gateway.connections.length = 0;
  gateway.mood = (request, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('half', () => request.socket.resetAndDestroy());
  };
  const error = await sockets.post(connectionId, '{"event":"x"}').catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(SocketTrouble);
  expect(error).toMatchObject({ status: undefined, retryable: true });
  // On the connection of the first post, which was still there.
  expect([gateway.requests.length, gateway.connections.length]).toEqual([1, 0]);
});

describe('closing', () => {
  const close = () => create().close(connectionId);

  it('is a DELETE of the connection, below the stage', async () => {
    gateway.mood = (_, response) => response.writeHead(204).end();
    expect(await close()).toBe('closed');
    expect([gateway.lastRequest.method, gateway.lastRequest.url]).toEqual([
      'DELETE',
      '/live/@connections/L0SM9cOFvHcCIhw%3D',
    ]);
  });

  it('answers gone for a socket that is not open', async () => {
    gateway.mood = gone;
    expect(await close()).toBe('gone');
  });

  it.each([429, 403, 500])('throws for %d, because the socket may be open', async (status) => {
    gateway.mood = answerJson({ message: 'no' }, status);
    await expect(close()).rejects.toThrow();
  });
});
