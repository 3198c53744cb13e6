import type { Refusal } from './refusal.ts';

/** Every way of saying no to a frame. Apart from the others, because the authorizer, which has to start fast, never does. */
const refusals = {
  // 43xx, not Reverb's 4200: one bad frame must not make a client that obeys the classes drop a working socket.
  'malformed-frame': forOnce('A frame is a JSON object with a string "event", of at most 511 levels.'),
  'unknown-event': forOnce('This event is not known here.'),
  'not-admitted': forOnce('Nobody has said who this is.'),
  'bad-channel-name': unfit('A channel has 1 to 200 letters, digits or any of _-=@,.; for a name.'),
  'not-allowed': unauthorized('Neither the signature nor PHP lets this user join.'),
  'bad-member': unfit('channel_data is not JSON with a user_id: 1 to 128 printable characters.'),
  'connection-ended': unauthorized('This connection has ended, or its session has.'),
  'big-member': { code: 4301, sentence: 'What a member says of himself is 1,024 bytes at most.' },
  'too-many-channels': { code: 4100, sentence: 'This connection has joined as many channels as it may.' },
  'too-many-members': { code: 4100, sentence: 'This channel has as many members as it may have.' },
  'fault-in-subscribing': { code: 500, sentence: 'Something went wrong here. Try again.' },
  'bad-sign-in': forOnce('The sign-in is not signed for this socket, or names no user.'),
  'other-user': forOnce('This connection belongs to another user.'),
  'revoked-user': { code: 4200, sentence: 'This user was logged out after this connection opened. Reconnect.' },
  'not-a-client-channel': forOnce('Client events are for private and presence channels.'),
  'not-joined': forOnce('This connection has not joined the channel.'),
  'big-client-event': tooMuch('A client event is 200 characters of name and 10,240 bytes of data at most.'),
  'many-client-events': tooMuch('Too many client events in one second.'),
  'many-client-events-of-user': tooMuch('This user has sent too many client events in one minute.'),
  'many-frames': tooMuch('Too many frames in one minute.'),
  'many-frames-of-user': tooMuch('This user has sent too many frames in one minute.'),
  'many-joins': tooMuch('Too many presence channels joined in one minute.'),
  'many-joins-of-user': tooMuch('This user has joined too many presence channels in one minute.'),
  fault: forOnce('Something went wrong here. Try again.'),
};

export type FrameRefusalReason = keyof typeof refusals;

export function refuseFrame(reason: FrameRefusalReason): Refusal {
  return { refused: reason, ...refusals[reason] };
}

/** Of a subscription, whose refusals carry HTTP's numbers, and Pusher's own above 4000. */
function unauthorized(sentence: string) {
  return { code: 401, sentence };
}

function unfit(sentence: string) {
  return { code: 400, sentence };
}

function tooMuch(sentence: string) {
  return { code: 4301, sentence };
}

function forOnce(sentence: string) {
  return { code: 4300, sentence };
}
