import { createHmac, timingSafeEqual } from 'node:crypto';
import { type Credentials, type CredentialsSource, tryNewerSecret } from './credentials.ts';

/** Whether PHP has signed this text for a socket. `auth` is `KEY:hex`. */
export type IsSigned = (auth: string, text: string) => Promise<boolean>;

/**
 * The signatures of Pusher's authorization endpoints, made with the secret itself
 * (https://pusher.com/docs/channels/library_auth_reference/auth-signatures/).
 */
export function createSocketSignatures(credentials: CredentialsSource): IsSigned {
  return async (auth, text) => {
    const [key, signature, ...extra] = auth.split(':');
    if (extra.length > 0 || signature === undefined || !/^[0-9a-f]{64}$/.test(signature)) return false;
    const outcome = await tryNewerSecret(
      credentials,
      (held) => (key === held.key ? isSignedWith(held, signature, text) : 'foreign-key'),
      (result) => result === false,
    );
    return outcome === true;
  };
}

function isSignedWith({ secret, previousSecret }: Credentials, signature: string, text: string): boolean {
  const given = Buffer.from(signature, 'hex');
  return [secret, previousSecret].some(
    (each) => each !== undefined && timingSafeEqual(createHmac('sha256', each).update(text).digest(), given),
  );
}
