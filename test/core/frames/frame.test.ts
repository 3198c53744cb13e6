import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeFrame,
  errorFrame,
  helloFrame,
  parseFrame,
  pongFrame,
  welcomeFrame,
} from '../../../functions/core/frames/frame.ts';
import { isRefusal, refuseFrame } from '../../../functions/core/refusal.ts';
import { anyText } from '../../fakes/any-text.ts';

const malformed = { refused: 'malformed-frame', code: 4300 };

describe('a frame of a client', () => {
  it('has an event, a channel and data', () => {
    const frame = { event: 'client-typing', channel: 'private-chat', data: { who: 'me' } };
    expect(parseFrame(JSON.stringify(frame))).toEqual(frame);
  });

  it('needs only an event', () => {
    expect(parseFrame('{"event":""}')).toEqual({ event: '' });
  });

  it('keeps data that is false, null or empty', () => {
    for (const data of [false, null, '', 0, []]) {
      expect(parseFrame(JSON.stringify({ event: 'x', data }))).toEqual({ event: 'x', data });
    }
  });

  it('loses all fields that are not in the protocol', () => {
    const sent = '{"event":"x","user_id":"1","principalId":"user:1","refused":"no","connectionId":"c","toJSON":1}';
    expect(parseFrame(sent)).toEqual({ event: 'x' });
  });

  it.each([
    ['nothing', undefined],
    ['an empty text', ''],
    ['no JSON', 'hello'],
    ['cut off', '{"event":"x"'],
    ['two frames', '{"event":"x"}{"event":"y"}'],
    ['a string', '"pusher:ping"'],
    ['a number', '42'],
    ['null', 'null'],
    ['true', 'true'],
    ['an array', '["pusher:ping"]'],
    ['an array with an event', '[{"event":"pusher:ping"}]'],
    ['no event', '{}'],
    ['an event that is a number', '{"event":1}'],
    ['an event that is null', '{"event":null}'],
    ['an event in an array', '{"event":["pusher:ping"]}'],
    ['an event in an object', '{"event":{"toString":"pusher:ping"}}'],
    ['a channel that is a number', '{"event":"x","channel":1}'],
    ['a channel that is null', '{"event":"x","channel":null}'],
    ['an event by way of the prototype', '{"__proto__":{"event":"pusher:ping"}}'],
    ['JSON with a comment', '{"event":"x"/**/}'],
    ['JSON with a byte order mark', '\ufeff{"event":"x"}'],
    ['NaN', '{"event":NaN}'],
    // Node reads them, but up to Node 24 its stack overflowed when it wrote thousands of levels.
    ['512 levels, which PHP cannot read', `{"event":"x","data":${'['.repeat(511)}${']'.repeat(511)}}`],
    ['100,000 arrays in one another', `{"event":"x","data":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['100,000 objects in one another', `{"event":"x","data":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`],
  ])('is rejected if it is %s', (_, text) => {
    expect(parseFrame(text)).toMatchObject(malformed);
  });

  it.each([
    [
      '__proto__ as a field',
      '{"event":"x","__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    ],
    ['__proto__ in the data', '{"event":"x","data":{"__proto__":{"polluted":true}}}'],
    ['511 levels', `{"event":"x","data":${'['.repeat(510)}${']'.repeat(510)}}`],
    ['a number that is infinite', '{"event":"x","data":1e999}'],
    ['a number of 100,000 digits', `{"event":"x","data":${'9'.repeat(100_000)}}`],
    ['lone surrogates', '{"event":"x","data":"\\ud800\\udc00\\udfff"}'],
    ['a lone surrogate that is not escaped', '{"event":"x","data":"\ud800"}'],
    ['1 MB of text', `{"event":"x","data":"${'a'.repeat(1_000_000)}"}`],
    ['100,000 fields', `{"event":"x",${Array.from({ length: 100_000 }, (_, i) => `"${i}":0`).join()}}`],
    ['the same field twice, of which the last counts', '{"event":"y","event":"x"}'],
  ])('is read safely with %s', (_, text) => {
    expect(parseFrame(text)).toMatchObject({ event: 'x' });
    expect({}).not.toHaveProperty('polluted');
  });

  it('is always read or rejected, and never throws', () => {
    const frameLike = fc.record(
      {
        event: fc.oneof(fc.string(), fc.anything()),
        channel: fc.anything(),
        data: fc.anything(),
        extra: fc.anything(),
      },
      { requiredKeys: [] },
    );
    const text = fc.oneof(anyText, fc.json(), frameLike.map(stringify));
    fc.assert(
      fc.property(text, (sent) => {
        const frame = parseFrame(sent);
        if (isRefusal(frame)) return;
        expect(frame.event).toBeTypeOf('string');
        expect(Object.keys(frame).filter((key) => !['event', 'channel', 'data'].includes(key))).toEqual([]);
      }),
    );
  });
});

describe('a frame of the gateway', () => {
  it('welcomes with the socket id in a JSON string', () => {
    expect(JSON.parse(encodeFrame(welcomeFrame('L0SM9cOFvHcCIhw=')))).toEqual({
      event: 'pusher:connection_established',
      data: '{"socket_id":"5489979536905031494.8523171435444205373","activity_timeout":540}',
    });
  });

  it('answers a ping with an object, and an error with its code and sentence', () => {
    expect(encodeFrame(pongFrame)).toBe('{"event":"pusher:pong","data":{}}');
    expect(encodeFrame(errorFrame(refuseFrame('unknown-event')))).toBe(
      '{"event":"pusher:error","data":{"code":4300,"message":"This event is not known here."}}',
    );
  });

  it('says hello as the socket.io server did', () => {
    expect(encodeFrame(helloFrame)).toBe('{"event":"hello","data":"{\\"hello\\":\\"world\\"}"}');
  });
});

function stringify(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
}
