import { createHash } from 'node:crypto';
import { type ApiRequest, badRequest, type RequestFault } from './api-request.ts';

/**
 * Identifies a request, so that a repetition is recognized: by the name that its sender gave it, and by the hash of its
 * body.
 */
export interface Attempt {
  readonly name: string;
  readonly bodyHash: string;
}

/**
 * `ours`: the caller must act. `under-way`: another caller acts. `other-request`: the name belongs to a request with
 * another body. Otherwise the request is done, with this answer.
 */
export type Beginning = 'ours' | 'under-way' | 'other-request' | { readonly answer: string };

/**
 * The port to named requests and their answers.
 *
 * `begin` returns `ours` to exactly one of several callers at the same time, and to no other for `attemptSeconds`. It
 * returns `ours` again after `abandon`, after that time if there is no answer because the caller died, and after
 * `answerMemory`, when all is forgotten. Until then, it returns `other-request` for another body under the same name.
 * `finish` stores the answer. `abandon` releases the name. It MUST NOT remove an answer, and MUST NOT fail when there
 * is nothing to release.
 */
export interface Idempotency {
  begin(attempt: Attempt): Promise<Beginning>;
  finish(attempt: Attempt, answer: string): Promise<void>;
  abandon(attempt: Attempt): Promise<void>;
}

/** Seconds: longer than Lambda's timeout for one request, plus the difference between two of Amazon's clocks. */
export const attemptSeconds = 35;
/** Seconds. */
export const answerMemory = 24 * 3600;

/**
 * Acts once for all repetitions of a request with an Idempotency-Key, and gives them the same answer. Without a key, it
 * acts once for each request. Failures are not stored.
 * @param act gets a seed that repetitions share and other requests do not
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
    // If this fails too, a retry must wait until the attempt has expired.
    await idempotency.abandon(attempt).catch(() => undefined);
    throw error;
  }
}

const form = /^[A-Za-z0-9_-]{8,64}$/;

/** @param path is part of the name, so one key may be used for several routes */
export function readAttempt(key: string, path: string, body: Buffer): Attempt | RequestFault {
  if (!form.test(key)) return badRequest('An Idempotency-Key must have 8 to 64 characters: A-Z a-z 0-9 _ -.');
  return { name: `idempotency:${path}:${key}`, bodyHash: createHash('sha256').update(body).digest('hex') };
}

/** 503, because clients retry it by themselves. They do not retry a 409. */
const underWay: RequestFault = {
  status: 503,
  sentence: 'A request with this Idempotency-Key is in progress. Retry in a second.',
};

const otherRequest: RequestFault = {
  status: 409,
  sentence: 'This Idempotency-Key was used for a request with another body. Use a new key.',
};
