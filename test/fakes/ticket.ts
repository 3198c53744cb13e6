import { createCipheriv, randomBytes } from 'node:crypto';
import { deriveKey, type PusherCredentials } from '../../functions/core/keys/credentials.ts';

/** The content of a ticket, or other values for an invalid one. */
export type Contents = Readonly<Record<string, unknown>>;

export const cookieHeader = 'PHPSESSID=0123456789abcdef0123456789abcdef';

/** The content that PHP seals at `now`, in epoch seconds, for a logged-in user. */
export function contents(now: number, changes: Contents = {}): Contents {
  const jti = randomBytes(16).toString('hex');
  return { c: cookieHeader, s: '0123456789abcdef0123456789abcdef', iat: now, exp: now + 30, jti, ...changes };
}

/**
 * Seals like PHP. It is a fake because no deployed code seals tickets. Text instead of contents is sealed unchanged.
 */
export function sealTicket(credentials: PusherCredentials, inside: Contents | string, iv?: Uint8Array): string {
  return createSealer(credentials)(inside, iv);
}

/** Seals many tickets and derives the key once. */
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
