import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSockets } from '../../functions/edge/sockets.ts';
import { connectionId } from '../fakes/events.ts';
import { answerJson, hangUp, type Mood, WebServer } from '../fakes/web-server.ts';

let gateway: WebServer;
beforeAll(async () => {
  gateway = await WebServer.start();
});
afterAll(() => gateway.close());

/** As API Gateway answers for a socket that is closed or not open yet: no body, only a header. */
const gone: Mood = (_, response) => response.writeHead(410, { 'x-amzn-errortype': 'GoneException' }).end();

function post(frame = '{"event":"x"}') {
  return createSockets(gateway.url('/live').href, { maxAttempts: 1, timeoutMs: 200 }).post(connectionId, frame);
}

it('posts the frame as it is to the connection, below the stage', async () => {
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

it.each([
  ['throttled', answerJson({ message: 'Limit Exceeded' }, 429)],
  ['not allowed', answerJson({ message: 'User is not authorized' }, 403)],
  ['to an id that cannot be one', answerJson({ message: 'Invalid connectionId' }, 400)],
  ['too large', answerJson({ message: 'x' }, 413)],
  ['answered with a fault', answerJson({ message: 'Internal server error' }, 500)],
  ['hung up on', hangUp],
])('throws for a post that is %s, because the socket may be open', async (_, mood) => {
  gateway.mood = mood;
  await expect(post()).rejects.toThrow();
});

it('gives up a post that is not answered in time, and does not say it again when told so', async () => {
  let posts = 0;
  gateway.mood = () => {
    posts += 1;
  };
  await expect(post()).rejects.toThrow();
  expect(posts).toBe(1);
});

describe('closing', () => {
  const close = () => createSockets(gateway.url('/live').href, { maxAttempts: 1, timeoutMs: 200 }).close(connectionId);

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
