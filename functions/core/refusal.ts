/**
 * Every way of saying no, in one closed set: why (for logs and metrics), the code that a `pusher:error` frame carries,
 * and the sentence for whoever reads it. Codes keep the classes of the Pusher protocol: 4000–4099 do not retry,
 * 4100–4199 back off, 4200–4299 reconnect at once, 4300–4399 other
 * (https://pusher.com/docs/channels/library_auth_reference/pusher-websockets-protocol/#error-codes).
 */
const refusals = {
  'malformed-token': forGood('The token does not have the shape of a session id.'),
  'malformed-ticket': forGood('The token does not have the shape of a ticket.'),
  'foreign-ticket': forGood('The ticket names the key of another gateway.'),
  'unreadable-ticket': forGood('The ticket was sealed for another app or with another secret, or changed.'),
  'incomplete-ticket': forGood('The ticket does not hold what a ticket holds.'),
  'long-lived-ticket': forGood('The ticket would live too long.'),
  'future-ticket': forGood('The ticket is from the future, so a clock is off.'),
  // A fresh one is a question to PHP away.
  'expired-ticket': forNow('The ticket has expired.'),
  'used-ticket': forNow('The ticket has opened a socket already.'),
  'no-session-cookie': forGood('The handshake carries no cookie for PHP.'),
  'malformed-cookies': forGood('The cookies are too long or not plain text.'),
  'foreign-origin': forGood('This origin is not on the list of allowed origins.'),
  'missing-origin': forGood('The handshake carries no Origin.'),
  'not-logged-in': forGood('PHP says that nobody is logged in with this session.'),
  'other-session': forGood('PHP answered with another session id than the one it was asked for.'),
  'expired-session': forGood('PHP says that the session has ended already.'),
  revoked: forGood('PHP has ended this session.'),
  'too-many-connections': overQuota('This user has as many connections as one may have.'),
  'put-out': overQuota('This user has opened newer connections, and has no more than one may have.'),
  'oversized-identity': forGood('PHP says more of this user than API Gateway passes on.'),
  'oversized-seal': forGood(
    'What PHP says of this user and the cookies to ask it again are more than API Gateway passes on.',
  ),
  // Who comes back is asked about anew: PHP may have prolonged the session meanwhile, and logged in somebody else.
  'ended-session': forNow('The session has come to the end that PHP named.'),
  'changed-user': forNow('PHP names another user for this session now.'),
  'changed-session': forNow('The session has another id now.'),
  // 43xx, not Reverb's 4200: one bad frame must not make a client that obeys the classes drop a working socket.
  'malformed-frame': forOnce('A frame is a JSON object with a string "event".'),
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
  'not-a-client-channel': forOnce('Client events are for private and presence channels.'),
  'not-joined': forOnce('This connection has not joined the channel.'),
  'big-client-event': tooMuch('A client event is 200 characters of name and 10,240 bytes of data at most.'),
  'many-client-events': tooMuch('Too many client events in one second.'),
  'many-frames': tooMuch('Too many frames in one minute.'),
  fault: forOnce('Something went wrong here. Try again.'),
};

export type RefusalReason = keyof typeof refusals;

export interface Refusal {
  readonly refused: RefusalReason;
  readonly code: number;
  readonly sentence: string;
}

export function refuse(reason: RefusalReason): Refusal {
  return { refused: reason, ...refusals[reason] };
}

export function isRefusal(outcome: object | string): outcome is Refusal {
  return typeof outcome === 'object' && 'refused' in outcome;
}

function forGood(sentence: string) {
  return { code: 4009, sentence };
}

/** Do not retry either. Else two browsers of one user would put out each other for ever. */
function overQuota(sentence: string) {
  return { code: 4004, sentence };
}

function forNow(sentence: string) {
  return { code: 4200, sentence };
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
