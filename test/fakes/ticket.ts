import { createCipheriv, randomBytes } from 'node:crypto';
import { deriveKey, type PusherCredentials } from '../../functions/core/keys/credentials.ts';

/** The inside of a ticket, or what somebody put there instead. */
export type Contents = Readonly<Record<string, unknown>>;

export const cookieHeader = 'PHPSESSID=0123456789abcdef0123456789abcdef';

/** What PHP seals at `now`, in epoch seconds, for a logged-in user. */
export function contents(now: number, changes: Contents = {}): Contents {
  const jti = randomBytes(16).toString('hex');
  return { c: cookieHeader, s: '0123456789abcdef0123456789abcdef', iat: now, exp: now + 30, jti, ...changes };
}

/** Seals as PHP does. Nothing that is deployed has to, so it is here. Text instead of contents is sealed as it is. */
export function sealTicket(credentials: PusherCredentials, inside: Contents | string, iv?: Uint8Array): string {
  return createSealer(credentials)(inside, iv);
}

/** For many tickets, with the key derived once. */
export function createSealer({ appId, key, secret }: PusherCredentials) {
  const sealingKey = deriveKey(secret, 'ticket');
  return (inside: Contents | string, iv: Uint8Array = randomBytes(12)): string => {
    const cipher = createCipheriv('aes-256-gcm', sealingKey, iv);
    cipher.setAAD(Buffer.from(`t1.${key}|${appId}`));
    const plaintext = typeof inside === 'string' ? inside : JSON.stringify(inside);
    const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
    return `t1.${key}.${Buffer.concat([iv, ciphertext, cipher.getAuthTag()]).toString('base64url')}`;
  };
}
