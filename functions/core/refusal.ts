import type { FrameRefusalReason } from './frame-refusal.ts';

/**
 * Every way of saying no to a handshake or a session, in one closed set (`frame-refusal.ts` has those to a frame): why (for logs
 * and metrics), the code that a `pusher:error` frame carries, and the sentence for whoever reads it. Codes keep the classes of
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
  revoked: forGood('PHP has ended this session.'),
  'too-many-connections': overQuota('This user has too many connections.'),
  'put-out': overQuota('This user has newer connections, and no more are allowed.'),
  'oversized-identity': forGood('This user is more than API Gateway passes on.'),
  'oversized-seal': forGood('This user and these cookies are more than API Gateway passes on.'),
  // Who comes back is asked about anew: PHP may have prolonged the session meanwhile, and logged in somebody else.
  'ended-session': forNow('The session has come to the end that PHP named.'),
  'changed-user': forNow('PHP names another user for this session now.'),
  'changed-session': forNow('The session has another id now.'),
  'unanswered-session': forNow('PHP does not answer about this session.'),
};

export type RefusalReason = keyof typeof refusals;

export interface Refusal {
  readonly refused: RefusalReason | FrameRefusalReason;
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
