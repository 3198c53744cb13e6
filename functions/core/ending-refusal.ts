import {
  type EndingRefusalReason,
  forGood,
  forNow,
  isHandshakeRefusal,
  type Refusal,
  type RefusalReason,
  refuse,
} from './refusal.ts';

/** Why a socket that was let in is closed. `refusal.ts` has the refusals to a handshake, some of which end sockets too. */
const endings = {
  revoked: forGood('PHP has ended this session.'),
  'too-many-connections': overQuota('This user has too many connections.'),
  'too-many-handshakes': backOff('This user has opened too many connections in one minute.'),
  'put-out': overQuota('This user has newer connections, and no more are allowed.'),
  // A client that comes back is asked about anew: PHP may have prolonged the session meanwhile, and logged in somebody else.
  'ended-session': forNow('The session has come to the end that PHP named.'),
  'changed-user': forNow('PHP names another user for this session now.'),
  'changed-session': forNow('The session has another id now.'),
  'unanswered-session': forNow('PHP does not answer about this session.'),
} satisfies Record<EndingRefusalReason, Omit<Refusal, 'refused'>>;

export function explainEnding(reason: RefusalReason): Refusal {
  return isHandshakeRefusal(reason) ? refuse(reason) : { refused: reason, ...endings[reason] };
}

/** Retry, but later. */
function backOff(sentence: string) {
  return { code: 4100, sentence };
}

/** Do not retry either. Else two browsers of one user would put out each other for ever. */
function overQuota(sentence: string) {
  return { code: 4004, sentence };
}
