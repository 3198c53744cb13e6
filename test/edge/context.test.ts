import { expect, it } from 'vitest';
import { readSpeaker } from '../../functions/edge/context.ts';
import { messageEvent } from '../fakes/events.ts';

const session = { principalId: 'user:42', sessionHash: 'a'.repeat(64) };

it('takes the time of the authorizer’s knowledge from its context', () => {
  const speaker = readSpeaker(messageEvent('{}', { ...session, authorizedAt: '1731332735000' }));
  expect(speaker?.authorizedAt).toBe(1_731_332_735_000);
});

// Then every logout is newer.
it.each([undefined, '', 'soon'])('takes a time of %s for the beginning of time', (authorizedAt) => {
  const context = authorizedAt === undefined ? session : { ...session, authorizedAt };
  expect(readSpeaker(messageEvent('{}', context))?.authorizedAt).toBe(0);
});
