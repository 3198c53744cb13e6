import type { Credentials, CredentialsSource } from './credentials.ts';

/** What does not fit may be made with a secret newer than ours; but strangers make such things too, so a newer one is fetched this rarely. */
const youngEnoughMs = 60_000;

/**
 * Tries with the secret that is kept, and once more where the outcome may only mean that there is a newer one.
 * @param mayBeNewer whether to try again after this outcome
 * @throws SessionCheckFailed when there is no secret
 */
export async function tryNewerSecret<Outcome>(
  credentials: CredentialsSource,
  attempt: (credentials: Credentials) => Outcome,
  mayBeNewer: (outcome: Outcome) => boolean,
): Promise<Outcome> {
  const kept = await credentials();
  const outcome = attempt(kept);
  if (!mayBeNewer(outcome)) return outcome;
  const fresh = await credentials(youngEnoughMs);
  return fresh === kept ? outcome : attempt(fresh);
}
