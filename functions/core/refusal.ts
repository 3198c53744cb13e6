/**
 * All refusals, in three closed sets: of a handshake, of an open socket, and of a frame. Each has a reason for logs and
 * metrics, the code of the `pusher:error` frame, and a sentence for people. Codes keep the classes of the Pusher
 * protocol: 4000–4099 do not retry, 4100–4199 back off, 4200–4299 reconnect at once, 4300–4399 other
 * (https://pusher.com/docs/channels/library_auth_reference/pusher-websockets-protocol/#error-codes). The sets are plain
 * values, so each bundle holds only the sets that its function uses. The authorizer must start fast, and it never
 * refuses a frame.
 */
export interface Refusal {
  readonly refused: RefusalReason | FrameRefusalReason;
  readonly code: number;
  readonly sentence: string;
}

/** Do not retry. */
const doNotRetry = 4009;
/** Do not retry either: otherwise two browsers of one user would close each other's sockets forever. */
const overQuota = 4004;
/** Retry later. */
const backOff = 4100;
/** Reconnect at once. */
const reconnectNow = 4200;
/** 43xx, not Reverb's 4200: a client that obeys the classes must not drop a working socket after one bad frame. */
const badFrame = 4300;
const rateLimited = 4301;
/** Refusals of a subscription carry HTTP status codes, or Pusher's codes above 4000. */
const [badRequest, unauthorized, serverError] = [400, 401, 500];

/** Refusals of a handshake. */
const handshakeRefusals = {
  'malformed-token': [doNotRetry, 'The token is not a session id.'],
  'malformed-ticket': [doNotRetry, 'The token is not a ticket.'],
  'foreign-ticket': [doNotRetry, 'The ticket is for another app key.'],
  'unreadable-ticket': [doNotRetry, 'The ticket was changed, or sealed with another secret.'],
  'incomplete-ticket': [doNotRetry, 'The ticket is incomplete.'],
  'long-lived-ticket': [doNotRetry, 'The ticket lives too long.'],
  'future-ticket': [doNotRetry, "The ticket is from the future. Check PHP's clock."],
  // The client gets a new ticket from PHP and reconnects.
  'expired-ticket': [reconnectNow, 'The ticket has expired. Get a new one.'],
  'used-ticket': [reconnectNow, 'The ticket was already used. Get a new one.'],
  'no-session-cookie': [doNotRetry, 'There is no session cookie.'],
  'malformed-cookies': [doNotRetry, 'The cookies are missing, too long or not text.'],
  'foreign-origin': [doNotRetry, 'This origin is not allowed.'],
  'missing-origin': [doNotRetry, 'There is no Origin.'],
  'not-logged-in': [doNotRetry, 'PHP says that nobody is logged in.'],
  'other-session': [doNotRetry, 'PHP answered with another session id.'],
  'expired-session': [doNotRetry, 'PHP says that the session has ended.'],
  'oversized-identity': [doNotRetry, 'The identity is too large for API Gateway.'],
  'oversized-seal': [doNotRetry, 'The identity and the cookies are too large for API Gateway.'],
} satisfies Record<string, CodeAndSentence>;

/** Why an open socket is closed. */
const endings = {
  revoked: [doNotRetry, 'PHP has ended this session.'],
  'too-many-connections': [overQuota, 'This user has too many connections.'],
  'too-many-handshakes': [backOff, 'This user has opened too many connections in one minute.'],
  'put-out': [overQuota, 'This user has newer connections, and no more are allowed.'],
  // The client reconnects and PHP is asked again: it may have extended the session, or logged in another user.
  'ended-session': [reconnectNow, 'The session has reached the end that PHP named.'],
  'changed-user': [reconnectNow, 'PHP now names another user for this session.'],
  'changed-session': [reconnectNow, 'The session now has another id.'],
  'unanswered-session': [reconnectNow, 'PHP does not answer about this session.'],
} satisfies Record<string, CodeAndSentence>;

/** Refusals of a frame. */
const frameRefusals = {
  'malformed-frame': [badFrame, 'A frame is a JSON object with a string "event", of at most 511 levels.'],
  'unknown-event': [badFrame, 'This event is not known here.'],
  'not-admitted': [badFrame, 'The authorizer has not identified this connection.'],
  'bad-channel-name': [
    badRequest,
    'A channel name has 1 to 200 characters. Letters, digits and any of _-=@,.; are allowed.',
  ],
  'not-allowed': [unauthorized, 'This user may not join: neither a valid signature nor a pattern from PHP allows it.'],
  'bad-member': [badRequest, 'channel_data must be JSON with a user_id of 1 to 128 printable characters.'],
  'connection-ended': [unauthorized, 'This connection or its session has ended.'],
  'big-member': [rateLimited, 'The user_info of a member is at most 1,024 bytes.'],
  'too-many-channels': [backOff, 'This connection has joined the maximum number of channels.'],
  'too-many-members': [backOff, 'This channel has the maximum number of members.'],
  'fault-in-subscribing': [serverError, 'Something went wrong in the gateway. Try again.'],
  'bad-sign-in': [badFrame, 'The sign-in is not signed for this socket, or names no user.'],
  'other-user': [badFrame, 'This connection belongs to another user.'],
  'revoked-user': [reconnectNow, 'This user was logged out after this connection opened. Reconnect.'],
  'not-a-client-channel': [badFrame, 'Client events are allowed on private and presence channels only.'],
  'not-joined': [badFrame, 'This connection has not joined the channel.'],
  'big-client-event': [rateLimited, 'A client event has at most 200 characters of name and 10,240 bytes of data.'],
  'many-client-events': [rateLimited, 'Too many client events in one second.'],
  'many-client-events-of-user': [rateLimited, 'This user has sent too many client events in one minute.'],
  'many-frames': [rateLimited, 'Too many frames in one minute.'],
  'many-frames-of-user': [rateLimited, 'This user has sent too many frames in one minute.'],
  'many-joins': [rateLimited, 'Too many presence channels joined in one minute.'],
  'many-joins-of-user': [rateLimited, 'This user has joined too many presence channels in one minute.'],
  fault: [badFrame, 'Something went wrong in the gateway. Try again.'],
} satisfies Record<string, CodeAndSentence>;

type HandshakeRefusalReason = keyof typeof handshakeRefusals;
export type RefusalReason = HandshakeRefusalReason | keyof typeof endings;
export type FrameRefusalReason = keyof typeof frameRefusals;

export function refuse(reason: HandshakeRefusalReason): Refusal {
  return toRefusal(reason, handshakeRefusals[reason]);
}

/** Why a socket is closed. Some refusals of a handshake also close open sockets. */
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
