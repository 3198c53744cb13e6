import { createHash } from 'node:crypto';
import { type ApiRequest, badRequest, type RequestFault } from './api-request.ts';

/** How a repeated request is told from a new one: by the name that its sender gave it, and by the hash of its body. */
export interface Attempt {
  readonly name: string;
  readonly bodyHash: string;
}

/** Ours to act upon; being acted upon by another; done already, with this answer; or the name of another request. */
export type Beginning = 'ours' | 'under-way' | 'other-request' | { readonly answer: string };

/**
 * The port to what was asked under a name before, and answered.
 *
 * `begin` answers `ours` to exactly one of several at the same time, and for `attemptSeconds` to nobody else. It answers so
 * again after `abandon`, after that time when there was no answer, because who acted has died, and after `answerMemory`, when
 * all is forgotten. Another body under the same name is `other-request` for as long.
 * `finish` keeps the answer. `abandon` gives the name back; it MUST NOT take an answer away, and MUST NOT fail when there is
 * nothing to give back.
 */
export interface Idempotency {
  begin(attempt: Attempt): Promise<Beginning>;
  finish(attempt: Attempt, answer: string): Promise<void>;
  abandon(attempt: Attempt): Promise<void>;
}

/** Seconds; above the time that Lambda gives to one request, and by more than two clocks of Amazon's differ. */
export const attemptSeconds = 35;
export const answerMemory = 24 * 3600;

/**
 * Acts once for all that repeat a request with its Idempotency-Key, and gives them the same answer; without a key, once for each
 * request. A failure is nobody's answer.
 * @param act gets a text that repetitions share and no other request has
 */
export async function actOnce(
  { path, body, idempotencyKey }: ApiRequest,
  idempotency: Idempotency,
  newSeed: () => string,
  act: (seed: string) => Promise<string>,
): Promise<string | RequestFault> {
  if (idempotencyKey === undefined) return act(newSeed());
  const attempt = readAttempt(idempotencyKey, path, body);
  if ('status' in attempt) return attempt;
  const beginning = await idempotency.begin(attempt);
  if (beginning === 'under-way') return underWay;
  if (beginning === 'other-request') return otherRequest;
  if (beginning !== 'ours') return beginning.answer;
  try {
    const answer = await act(attempt.name);
    await idempotency.finish(attempt, answer);
    return answer;
  } catch (error) {
    // If this fails as well, it takes until the attempt has expired.
    await idempotency.abandon(attempt).catch(() => undefined);
    throw error;
  }
}

const form = /^[A-Za-z0-9_-]{8,64}$/;

/** @param path so that one key may be used for different routes */
export function readAttempt(key: string, path: string, body: Buffer): Attempt | RequestFault {
  if (!form.test(key)) return badRequest('An Idempotency-Key has 8 to 64 of A-Z a-z 0-9 _ -.');
  return { name: `idempotency:${path}:${key}`, bodyHash: createHash('sha256').update(body).digest('hex') };
}

/** What clients repeat by themselves; 409 says that to repeat it is of no use. */
const underWay: RequestFault = {
  status: 503,
  sentence: 'A request with this Idempotency-Key is being worked on: ask again in a second.',
};

const otherRequest: RequestFault = {
  status: 409,
  sentence: 'This Idempotency-Key was used for a request with another body.',
};
