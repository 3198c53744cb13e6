import { describe, expect, it } from 'vitest';
import { readConnection, readSpeaker } from '../../functions/edge/socket-event.ts';
import { connectEvent, connectionId, disconnectEvent, messageEvent } from '../fakes/events.ts';

const session = { principalId: 'user:42', sessionHash: 'a'.repeat(64) };

describe('the connection of an event', () => {
  const expected = { principalId: 'user:42', connectionId };

  it('is known from the context in every later event', () => {
    for (const event of [connectEvent(), messageEvent('{}'), disconnectEvent()]) {
      expect(readConnection(event)).toEqual(expected);
    }
  });

  it('is never taken from what the client sent', () => {
    const body = JSON.stringify({ event: 'x', principalId: 'user:1', connectionId: 'other', authorizer: {} });
    expect(readConnection(messageEvent(body))).toEqual(expected);
  });

  it('is unknown without the context', () => {
    expect(readConnection(connectEvent('none'))).toBeUndefined();
    expect(readConnection(connectEvent({}))).toBeUndefined();
  });
});

it('takes the time of the authorizer’s knowledge from its context', () => {
  const speaker = readSpeaker(messageEvent('{}', { ...session, authorizedAt: '1731332735000' }));
  expect(speaker?.authorizedAt).toBe(1_731_332_735_000);
});

// Then every logout is newer.
it.each([undefined, '', 'soon'])('takes a time of %s for the beginning of time', (authorizedAt) => {
  const context = authorizedAt === undefined ? session : { ...session, authorizedAt };
  expect(readSpeaker(messageEvent('{}', context))?.authorizedAt).toBe(0);
});
