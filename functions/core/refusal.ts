/**
 * Every way of saying no, in three closed sets: to a handshake, to an open socket that is closed, and to a frame. Each has a reason (for
 * logs and metrics), the code that a `pusher:error` frame carries, and the sentence for people. Codes keep the classes of the Pusher
 * protocol: 4000–4099 do not retry, 4100–4199 back off, 4200–4299 reconnect at once, 4300–4399 other
 * (https://pusher.com/docs/channels/library_auth_reference/pusher-websockets-protocol/#error-codes). The sets are plain values, so a
 * bundle has those that its function uses: the authorizer, which must start fast, never refuses a frame.
 */
export interface Refusal {
  readonly refused: RefusalReason | FrameRefusalReason;
  readonly code: number;
  readonly sentence: string;
}

/** Do not retry. */
const forGood = 4009;
/** Do not retry either. Else two browsers of one user would put out each other for ever. */
const overQuota = 4004;
/** Retry, but later. */
const backOff = 4100;
/** Reconnect at once. */
const forNow = 4200;
/** 43xx, not Reverb's 4200: one bad frame must not make a client that obeys the classes drop a working socket. */
const forOnce = 4300;
const tooMuch = 4301;
/** Of a subscription, whose refusals carry HTTP's numbers, and Pusher's own above 4000. */
const [unfit, unauthorized, faulty] = [400, 401, 500];

/** To a handshake. */
const handshakeRefusals = {
  'malformed-token': [forGood, 'The token is no session id.'],
  'malformed-ticket': [forGood, 'The token is no ticket.'],
  'foreign-ticket': [forGood, 'The ticket names the key of another gateway.'],
  'unreadable-ticket': [forGood, "The ticket is another app's or secret's, or was changed."],
  'incomplete-ticket': [forGood, 'The ticket is incomplete.'],
  'long-lived-ticket': [forGood, 'The ticket would live too long.'],
  'future-ticket': [forGood, 'The ticket is from the future, so a clock is off.'],
  // A fresh one is a question to PHP away.
  'expired-ticket': [forNow, 'The ticket has expired.'],
  'used-ticket': [forNow, 'The ticket has opened a socket already.'],
  'no-session-cookie': [forGood, 'There is no cookie for PHP.'],
  'malformed-cookies': [forGood, 'The cookies are too long or not plain text.'],
  'foreign-origin': [forGood, 'This origin is not allowed.'],
  'missing-origin': [forGood, 'There is no Origin.'],
  'not-logged-in': [forGood, 'PHP says that nobody is logged in.'],
  'other-session': [forGood, 'PHP answered with another session id.'],
  'expired-session': [forGood, 'PHP says that the session has ended already.'],
  'oversized-identity': [forGood, 'This user is more than API Gateway passes on.'],
  'oversized-seal': [forGood, 'This user and these cookies are more than API Gateway passes on.'],
} satisfies Record<string, CodeAndSentence>;

/** To a socket that was let in: why it is closed. */
const endings = {
  revoked: [forGood, 'PHP has ended this session.'],
  'too-many-connections': [overQuota, 'This user has too many connections.'],
  'too-many-handshakes': [backOff, 'This user has opened too many connections in one minute.'],
  'put-out': [overQuota, 'This user has newer connections, and no more are allowed.'],
  // A client that comes back is asked about anew: PHP may have prolonged the session meanwhile, and logged in somebody else.
  'ended-session': [forNow, 'The session has come to the end that PHP named.'],
  'changed-user': [forNow, 'PHP names another user for this session now.'],
  'changed-session': [forNow, 'The session has another id now.'],
  'unanswered-session': [forNow, 'PHP does not answer about this session.'],
} satisfies Record<string, CodeAndSentence>;

/** To a frame. */
const frameRefusals = {
  'malformed-frame': [forOnce, 'A frame is a JSON object with a string "event", of at most 511 levels.'],
  'unknown-event': [forOnce, 'This event is not known here.'],
  'not-admitted': [forOnce, 'Nobody has said who this is.'],
  'bad-channel-name': [unfit, 'A channel has 1 to 200 letters, digits or any of _-=@,.; for a name.'],
  'not-allowed': [unauthorized, 'Neither the signature nor PHP lets this user join.'],
  'bad-member': [unfit, 'channel_data is not JSON with a user_id: 1 to 128 printable characters.'],
  'connection-ended': [unauthorized, 'This connection has ended, or its session has.'],
  'big-member': [tooMuch, 'What a member says of himself is 1,024 bytes at most.'],
  'too-many-channels': [backOff, 'This connection has joined as many channels as it may.'],
  'too-many-members': [backOff, 'This channel has as many members as it may have.'],
  'fault-in-subscribing': [faulty, 'Something went wrong here. Try again.'],
  'bad-sign-in': [forOnce, 'The sign-in is not signed for this socket, or names no user.'],
  'other-user': [forOnce, 'This connection belongs to another user.'],
  'revoked-user': [forNow, 'This user was logged out after this connection opened. Reconnect.'],
  'not-a-client-channel': [forOnce, 'Client events are for private and presence channels.'],
  'not-joined': [forOnce, 'This connection has not joined the channel.'],
  'big-client-event': [tooMuch, 'A client event is 200 characters of name and 10,240 bytes of data at most.'],
  'many-client-events': [tooMuch, 'Too many client events in one second.'],
  'many-client-events-of-user': [tooMuch, 'This user has sent too many client events in one minute.'],
  'many-frames': [tooMuch, 'Too many frames in one minute.'],
  'many-frames-of-user': [tooMuch, 'This user has sent too many frames in one minute.'],
  'many-joins': [tooMuch, 'Too many presence channels joined in one minute.'],
  'many-joins-of-user': [tooMuch, 'This user has joined too many presence channels in one minute.'],
  fault: [forOnce, 'Something went wrong here. Try again.'],
} satisfies Record<string, CodeAndSentence>;

type HandshakeRefusalReason = keyof typeof handshakeRefusals;
export type RefusalReason = HandshakeRefusalReason | keyof typeof endings;
export type FrameRefusalReason = keyof typeof frameRefusals;

export function refuse(reason: HandshakeRefusalReason): Refusal {
  return toRefusal(reason, handshakeRefusals[reason]);
}

/** Why a socket is closed: some refusals to a handshake end sockets too. */
export function explainEnding(reason: RefusalReason): Refusal {
  return isHandshakeRefusal(reason) ? refuse(reason) : toRefusal(reason, endings[reason]);
}

export function refuseFrame(reason: FrameRefusalReason): Refusal {
  return toRefusal(reason, frameRefusals[reason]);
}

export function isRefusal(outcome: object | string): outcome is Refusal {
  return typeof outcome === 'object' && 'refused' in outcome;
}

type CodeAndSentence = readonly [code: number, sentence: string];

function isHandshakeRefusal(reason: RefusalReason): reason is HandshakeRefusalReason {
  return reason in handshakeRefusals;
}

function toRefusal(refused: Refusal['refused'], [code, sentence]: CodeAndSentence): Refusal {
  return { refused, code, sentence };
}
