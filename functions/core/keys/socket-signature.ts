import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Credentials, CredentialsSource } from './credentials.ts';

/** Whether PHP has signed this text for a socket: `auth` is `KEY:hex`. */
export type IsSigned = (auth: string, text: string) => Promise<boolean>;

/** A signature that does not fit may be made with a secret newer than ours; but strangers make such ones too. */
const youngEnoughMs = 60_000;

/**
 * The signatures of Pusher's authorization endpoints, made with the secret itself
 * (https://pusher.com/docs/channels/library_auth_reference/auth-signatures/).
 */
export function createSocketSignatures(credentials: CredentialsSource): IsSigned {
  return async (auth, text) => {
    const [key, signature, ...rest] = auth.split(':');
    if (rest.length > 0 || signature === undefined || !/^[0-9a-f]{64}$/.test(signature)) return false;
    const kept = await credentials();
    if (key !== kept.key) return false;
    if (isSignedWith(kept, signature, text)) return true;
    const fresh = await credentials(youngEnoughMs);
    return fresh !== kept && isSignedWith(fresh, signature, text);
  };
}

function isSignedWith({ secret, previousSecret }: Credentials, signature: string, text: string): boolean {
  const given = Buffer.from(signature, 'hex');
  return [secret, previousSecret].some(
    (each) => each !== undefined && timingSafeEqual(createHmac('sha256', each).update(text).digest(), given),
  );
}
