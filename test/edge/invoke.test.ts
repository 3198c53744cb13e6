import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createStarter } from '../../functions/edge/invoke.ts';
import { answerJson, type Mood, WebServer } from '../fakes/web-server.ts';

const welcome = { principalId: 'user:42', connectionId: 'L0SM9cOFvHcCIhw=' };
const queued: Mood = (_, response) => response.writeHead(202).end();
const bodies: string[] = [];

let lambda: WebServer;
beforeEach(async () => {
  bodies.length = 0;
  lambda = await WebServer.start((request, response) => {
    request.on('data', (chunk) => bodies.push(String(chunk)));
    request.on('end', () => queued(request, response));
  });
  vi.stubEnv('AWS_ENDPOINT_URL_LAMBDA', lambda.url().href);
  vi.stubEnv('AWS_MAX_ATTEMPTS', '1');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await lambda.close();
});

it('starts deliver with its job and does not wait for it', async () => {
  await createStarter({ deliver: 'deliver-name' }).deliver({ welcome });
  expect(lambda.lastRequest.url).toBe('/2015-03-31/functions/deliver-name/invocations');
  expect(lambda.lastRequest.headers['x-amz-invocation-type']).toBe('Event');
  expect(JSON.parse(bodies.join(''))).toEqual({ welcome });
});

it('starts tick where hello is on, and does nothing where it is off', async () => {
  await createStarter({ deliver: 'deliver-name' }).tick();
  expect(lambda.requests).toHaveLength(0);
  await createStarter({ deliver: 'deliver-name', tick: 'tick-name' }).tick();
  expect(lambda.lastRequest.url).toBe('/2015-03-31/functions/tick-name/invocations');
});

it('throws when Lambda rejects the event', async () => {
  lambda.mood = answerJson({ message: 'Rate exceeded' }, 429);
  await expect(createStarter({ deliver: 'deliver-name' }).deliver({ welcome })).rejects.toThrow();
});
