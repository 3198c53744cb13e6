import fc from 'fast-check';
import { expect, it } from 'vitest';
import { handler } from '../../functions/message.ts';
import { anyText } from '../fakes/any-text.ts';
import { messageEvent } from '../fakes/events.ts';

async function reply(body: string | undefined): Promise<{ event: string; data: unknown }> {
  const response = await handler(messageEvent(body));
  expect(response.statusCode).toBe(200);
  return JSON.parse(response.body ?? '');
}

const pong = { event: 'pusher:pong', data: {} };

it('answers a ping with a pong', async () => {
  expect(await reply('{"event":"pusher:ping","data":{}}')).toEqual(pong);
  expect(await reply('{"event":"pusher:ping"}')).toEqual(pong);
});

it('answers a pong too, because each frame gets exactly one reply', async () => {
  expect(await reply('{"event":"pusher:pong","data":{}}')).toEqual(pong);
});

it.each(['client-x', 'pusher:nothing', 'Pusher:Ping', 'pusher:ping ', '', '__proto__', 'constructor', 'toString'])(
  'says that it does not know the event "%s"',
  async (event) => {
    expect(await reply(JSON.stringify({ event }))).toEqual({
      event: 'pusher:error',
      data: { code: 4300, message: 'This event is not known here.' },
    });
  },
);

it.each([
  undefined,
  '',
  'null',
  '[]',
  '42',
  '{}',
  '{"event":null}',
  '{"__proto__":{"event":"pusher:ping"}}',
  '['.repeat(100_000),
  '{"a":'.repeat(100_000),
  'x'.repeat(1_000_000),
])('says what a frame is to %.40s', async (body) => {
  expect(await reply(body)).toMatchObject({ event: 'pusher:error', data: { code: 4300 } });
});

it('repeats nothing of what it was sent', async () => {
  expect(JSON.stringify(await reply('{"event":"<script>","channel":"<script>","data":"<script>"}'))).not.toContain('<');
});

// API Gateway answers for a handler that throws, with a frame that has no event; Pusher's own client dies of it.
it('never throws, and every reply is a frame with an event that is a string', async () => {
  const frame = fc.record({ event: fc.oneof(fc.string(), fc.constantFrom('pusher:ping')), data: fc.jsonValue() });
  const anything = fc.oneof(
    anyText,
    fc.json(),
    frame.map((value) => JSON.stringify(value)),
  );
  await fc.assert(
    fc.asyncProperty(anything, async (body) => {
      expect((await reply(body)).event).toMatch(/^pusher:(pong|error)$/);
    }),
  );
});
