import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { socketIdOf } from '../../../functions/core/connections/connection.ts';
import { readBatch, readEvent } from '../../../functions/core/http-api/publish.ts';
import { anyText } from '../../fakes/any-text.ts';

const event = { name: 'my-event', data: '{"some":"data"}', channel: 'project-3' };
const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const read = (changes: object) => readEvent(bytes({ ...event, ...changes }));

describe('a published event', () => {
  it('is read in the form of Pusher’s PHP library, for one channel', () => {
    const body = '{"name":"my-event","data":"{\\"hello\\":\\"w\\\\u00f6rld\\\\\\/1\\"}","channel":"my-channel"}';
    expect(readEvent(bytes(body))).toEqual({
      name: 'my-event',
      data: '{"hello":"w\\u00f6rld\\/1"}',
      channels: ['my-channel'],
      except: undefined,
      info: [],
    });
  });

  it('may have up to a hundred channels, and duplicates count once', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => `channel-${index}`);
    expect(read({ channel: undefined, channels: hundred })).toMatchObject({ channels: hundred });
    expect(read({ channel: undefined, channels: ['a', 'b', 'a'] })).toMatchObject({ channels: ['a', 'b'] });
  });

  it.each(['App\\Events\\OrderShipped', 'client-typing', 'a.b:c', 'é 💶', 'x'.repeat(200), 'pusher', 'constructor'])(
    'may be named %j',
    (name) => {
      expect(read({ name })).toMatchObject({ name });
    },
  );

  it('may have any string as data, unchanged', () => {
    fc.assert(
      fc.property(anyText, (data) => {
        expect(read({ data })).toMatchObject({ data });
      }),
      { numRuns: 30 },
    );
    expect(read({ data: 'é'.repeat(5120) })).toMatchObject({ data: 'é'.repeat(5120) });
  });

  it('leaves out the connection of its socket id, or none if the id is not ours', () => {
    expect(read({ socket_id: socketIdOf('L0SM9cOFvHcCIhw=') })).toMatchObject({ except: 'L0SM9cOFvHcCIhw=' });
    expect(read({ socket_id: '123.456' })).toMatchObject({ except: undefined });
    expect(read({ socket_id: null })).toMatchObject({ except: undefined });
  });

  it('may ask for counts', () => {
    expect(read({ info: 'user_count,subscription_count' })).toMatchObject({
      info: ['user_count', 'subscription_count'],
    });
    expect(read({ info: null })).toMatchObject({ info: [] });
  });
});

describe('a published event is rejected', () => {
  it.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['null', 'null'],
    ['nothing', ''],
    ['a list in lists', '['.repeat(60_000) + ']'.repeat(60_000)],
    ['an object in objects', `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`],
    ['a prototype', '{"__proto__":{"name":"a","data":"b","channel":"c"}}'],
    ['no name', { ...event, name: undefined }],
    ['an empty name', { ...event, name: '' }],
    ['a name of 201 characters', { ...event, name: 'x'.repeat(201) }],
    ['a name of the protocol', { ...event, name: 'pusher:error' }],
    ['an internal name of the protocol', { ...event, name: 'pusher_internal:member_removed' }],
    ['data that is an object', { ...event, data: {} }],
    ['no data', { ...event, data: undefined }],
    ['no channel', { ...event, channel: undefined }],
    ['two ways to name channels', { ...event, channels: ['a'] }],
    ['no channels', { ...event, channel: undefined, channels: [] }],
    ['a list that is none', { ...event, channel: undefined, channels: 'a' }],
    ['101 channels', { ...event, channel: undefined, channels: Array(101).fill('a') }],
    ['a channel that is a number', { ...event, channel: 7 }],
    ['a channel with a blank', { ...event, channel: 'a b' }],
    ['a channel that begins with #', { ...event, channel: '#private' }],
    ['a channel of 201 characters', { ...event, channel: 'x'.repeat(201) }],
    ['one bad channel of many', { ...event, channel: undefined, channels: ['a', 'b/c'] }],
    ['a socket id that is none', { ...event, socket_id: '1.2.3' }],
    ['a socket id with a line', { ...event, socket_id: '1.2\n' }],
    ['a socket id that is a number', { ...event, socket_id: 1.2 }],
    ['an attribute that there is not', { ...event, info: 'cache' }],
    ['a list of attributes', { ...event, info: ['user_count'] }],
  ])('with 400 for %s', (_, body) => {
    const fault = readEvent(bytes(body));
    expect(fault).toMatchObject({ status: 400 });
    expect(Object.keys(fault)).toEqual(['status', 'sentence']);
  });

  it('with 413 and Pusher’s words for data of more than 10 KB, in bytes', () => {
    const sentence = 'The data content of this event exceeds the allowed maximum (10240 bytes).';
    for (const data of ['x'.repeat(10_241), `${'é'.repeat(5120)}x`]) {
      expect(read({ data })).toEqual({ status: 413, sentence });
    }
  });

  it('for any input without an exception', () => {
    const field = fc.oneof(fc.anything(), fc.constantFrom('a', '1.2', ['a']));
    const body = fc.record({
      name: field,
      data: field,
      channel: field,
      channels: field,
      socket_id: field,
      info: field,
    });
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), body), fc.boolean(), (value, isBatch) => {
        const text = (() => {
          try {
            return JSON.stringify(isBatch ? { batch: [value] } : value) ?? '';
          } catch {
            return '';
          }
        })();
        expect(isBatch ? readBatch(bytes(text)) : readEvent(bytes(text))).toBeDefined();
      }),
    );
  });
});

describe('a batch of events', () => {
  it('may have up to ten events in order, each for one channel', () => {
    const batch = Array.from({ length: 10 }, (_, index) => ({ ...event, channel: `channel-${index}` }));
    const events = readBatch(bytes({ batch }));
    expect(events).toMatchObject(batch.map(({ channel }) => ({ channels: [channel] })));
    expect(readBatch(bytes({ batch: [] }))).toEqual([]);
  });

  it('of eleven is rejected in Pusher’s words', () => {
    const fault = { status: 400, sentence: 'Batch too large (11 > 10).' };
    expect(readBatch(bytes({ batch: Array(11).fill(event) }))).toEqual(fault);
  });

  it.each([
    ['no list', {}, 400, 'list named batch'],
    ['no object', [event], 400, 'list named batch'],
    ['a bad event', { batch: [event, { ...event, name: '' }] }, 400, 'Event 1 of the batch'],
    ['an event that is none', { batch: [event, null] }, 400, 'Event 1 of the batch'],
    ['an event of several channels', { batch: [{ ...event, channels: ['a'] }] }, 400, 'Event 0 of the batch'],
    ['an event too large', { batch: [{ ...event, data: 'x'.repeat(10_241) }] }, 413, 'content of this event exceeds'],
  ])('is rejected as a whole for %s', (_, body, status, words) => {
    expect(readBatch(bytes(body))).toEqual({ status, sentence: expect.stringContaining(words) });
  });
});
