import type { FrameRefusalReason } from './frame-refusal.ts';

/**
 * Every way of saying no to a handshake, in one closed set (`ending-refusal.ts` has those to an open socket, and `frame-refusal.ts`
 * those to a frame): why (for logs and metrics), the code that a `pusher:error` frame carries, and the sentence for people. Codes keep the classes of
 * the Pusher protocol: 4000–4099 do not retry, 4100–4199 back off, 4200–4299 reconnect at once, 4300–4399 other
 * (https://pusher.com/docs/channels/library_auth_reference/pusher-websockets-protocol/#error-codes).
 */
const refusals = {
  'malformed-token': forGood('The token is no session id.'),
  'malformed-ticket': forGood('The token is no ticket.'),
  'foreign-ticket': forGood('The ticket names the key of another gateway.'),
  'unreadable-ticket': forGood("The ticket is another app's or secret's, or was changed."),
  'incomplete-ticket': forGood('The ticket is incomplete.'),
  'long-lived-ticket': forGood('The ticket would live too long.'),
  'future-ticket': forGood('The ticket is from the future, so a clock is off.'),
  // A fresh one is a question to PHP away.
  'expired-ticket': forNow('The ticket has expired.'),
  'used-ticket': forNow('The ticket has opened a socket already.'),
  'no-session-cookie': forGood('There is no cookie for PHP.'),
  'malformed-cookies': forGood('The cookies are too long or not plain text.'),
  'foreign-origin': forGood('This origin is not allowed.'),
  'missing-origin': forGood('There is no Origin.'),
  'not-logged-in': forGood('PHP says that nobody is logged in.'),
  'other-session': forGood('PHP answered with another session id.'),
  'expired-session': forGood('PHP says that the session has ended already.'),
  'oversized-identity': forGood('This user is more than API Gateway passes on.'),
  'oversized-seal': forGood('This user and these cookies are more than API Gateway passes on.'),
};

type HandshakeRefusalReason = keyof typeof refusals;

/** Why a socket that was let in is closed; `ending-refusal.ts` has the sentences, which no authorizer has to load. */
export type EndingRefusalReason =
  | 'revoked'
  | 'too-many-connections'
  | 'too-many-handshakes'
  | 'put-out'
  | 'ended-session'
  | 'changed-user'
  | 'changed-session'
  | 'unanswered-session';

export type RefusalReason = HandshakeRefusalReason | EndingRefusalReason;

export interface Refusal {
  readonly refused: RefusalReason | FrameRefusalReason;
  readonly code: number;
  readonly sentence: string;
}

export function refuse(reason: HandshakeRefusalReason): Refusal {
  return { refused: reason, ...refusals[reason] };
}

export function isHandshakeRefusal(reason: RefusalReason): reason is HandshakeRefusalReason {
  return reason in refusals;
}

export function isRefusal(outcome: object | string): outcome is Refusal {
  return typeof outcome === 'object' && 'refused' in outcome;
}

export function forGood(sentence: string) {
  return { code: 4009, sentence };
}

export function forNow(sentence: string) {
  return { code: 4200, sentence };
}
