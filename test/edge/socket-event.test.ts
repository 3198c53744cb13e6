import { describe, expect, it } from 'vitest';
import { readConnection, readSpeaker } from '../../functions/edge/socket-event.ts';
import { connectEvent, connectionId, disconnectEvent, messageEvent } from '../fakes/events.ts';

const session = { principalId: 'user:42', sessionHash: 'a'.repeat(64) };

describe('the connection of an event', () => {
  const expected = { principalId: 'user:42', connectionId };

  it('comes from the context of every later event', () => {
    for (const event of [connectEvent(), messageEvent('{}'), disconnectEvent()]) {
      expect(readConnection(event)).toEqual(expected);
    }
  });

  it('never comes from data that the client sent', () => {
    const body = JSON.stringify({ event: 'x', principalId: 'user:1', connectionId: 'other', authorizer: {} });
    expect(readConnection(messageEvent(body))).toEqual(expected);
  });

  it('is unknown without the context', () => {
    expect(readConnection(connectEvent('none'))).toBeUndefined();
    expect(readConnection(connectEvent({}))).toBeUndefined();
  });
});

it('takes authorizedAt from the authorizer’s context', () => {
  const speaker = readSpeaker(messageEvent('{}', { ...session, authorizedAt: '1731332735000' }));
  expect(speaker?.authorizedAt).toBe(1_731_332_735_000);
});

// Then every logout is newer.
it.each([undefined, '', 'soon'])('treats an authorizedAt of %s as 0, so that every logout is newer', (authorizedAt) => {
  const context = authorizedAt === undefined ? session : { ...session, authorizedAt };
  expect(readSpeaker(messageEvent('{}', context))?.authorizedAt).toBe(0);
});
