import { createCipheriv, createDecipheriv } from 'node:crypto';

export const ivLength = 12;
const tagLength = 16;

/** What sealing adds, in bytes. */
export const sealOverhead = ivLength + tagLength;

/**
 * AES-256-GCM: `iv12 ‖ ciphertext ‖ tag16`.
 * @param iv random, never the same twice
 */
export function seal(plaintext: string, key: Buffer, additionalData: string, iv: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: tagLength });
  cipher.setAAD(Buffer.from(additionalData));
  const ciphertext = [cipher.update(plaintext, 'utf8'), cipher.final()];
  return Buffer.concat([iv, ...ciphertext, cipher.getAuthTag()]);
}

/** The plaintext, or undefined when anything about it is wrong. */
export function unseal(sealed: Buffer, key: Buffer, additionalData: string): string | undefined {
  if (sealed.length <= sealOverhead) return undefined;
  const end = sealed.length - tagLength;
  // Without a length Node would take a tag of 4 bytes as well:
  // https://nodejs.org/api/deprecations.html#dep0182-short-gcm-authentication-tags-without-explicit-authtaglength
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, ivLength), { authTagLength: tagLength });
  decipher.setAAD(Buffer.from(additionalData));
  decipher.setAuthTag(sealed.subarray(end));
  const plaintext = decipher.update(sealed.subarray(ivLength, end), undefined, 'utf8');
  try {
    return plaintext + decipher.final('utf8');
  } catch {
    // A wrong tag is all that `final` throws for in this mode.
    return undefined;
  }
}
