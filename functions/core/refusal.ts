/**
 * Every way of saying no, in one closed set: why (for logs and metrics), the code that a `pusher:error` frame carries,
 * and the sentence for whoever reads it. Codes keep the classes of the Pusher protocol: 4000–4099 do not retry,
 * 4100–4199 back off, 4200–4299 reconnect at once, 4300–4399 other
 * (https://pusher.com/docs/channels/library_auth_reference/pusher-websockets-protocol/#error-codes).
 */
const refusals = {
  'malformed-token': { code: 4009, sentence: 'The token does not have the shape of a session id.' },
  'malformed-ticket': { code: 4009, sentence: 'The token does not have the shape of a ticket.' },
  'foreign-ticket': { code: 4009, sentence: 'The ticket names the key of another gateway.' },
  'unreadable-ticket': {
    code: 4009,
    sentence: 'The ticket was sealed for another app or with another secret, or was changed on its way.',
  },
  'incomplete-ticket': { code: 4009, sentence: 'The ticket lacks something, or holds what no ticket may hold.' },
  'long-lived-ticket': { code: 4009, sentence: 'The ticket was made to live longer than a ticket may.' },
  'future-ticket': { code: 4009, sentence: 'The ticket is from the future, so a clock is off.' },
  // A fresh one is a question to PHP away.
  'expired-ticket': { code: 4200, sentence: 'The ticket has expired.' },
  'used-ticket': { code: 4200, sentence: 'The ticket has opened a socket already.' },
  'foreign-origin': { code: 4009, sentence: 'This origin is not on the list of allowed origins.' },
  'missing-origin': { code: 4009, sentence: 'The handshake carries no Origin.' },
  'not-logged-in': { code: 4009, sentence: 'PHP says that nobody is logged in with this session.' },
  'other-session': { code: 4009, sentence: 'PHP answered with another session id than the one it was asked for.' },
  // 43xx, not Reverb's 4200: one bad frame must not make a client that obeys the classes drop a working socket.
  'malformed-frame': { code: 4300, sentence: 'A frame is a JSON object with a string "event".' },
  'unknown-event': { code: 4300, sentence: 'This event is not known here.' },
} as const;

export type RefusalReason = keyof typeof refusals;

export interface Refusal {
  readonly refused: RefusalReason;
  readonly code: number;
  readonly sentence: string;
}

export function refuse(reason: RefusalReason): Refusal {
  return { refused: reason, ...refusals[reason] };
}

export function isRefusal(outcome: object): outcome is Refusal {
  return 'refused' in outcome;
}
