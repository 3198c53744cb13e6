import { createCipheriv, createDecipheriv } from 'node:crypto';

export const ivLength = 12;
const tagLength = 16;

/** Bytes that sealing adds. */
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

/** The plaintext, or undefined when the text, the key or the additional data is wrong. */
export function unseal(sealed: Buffer, key: Buffer, additionalData: string): string | undefined {
  if (sealed.length <= sealOverhead) return undefined;
  const end = sealed.length - tagLength;
  // Without this length, Node would also accept a tag of 4 bytes:
  // https://nodejs.org/api/deprecations.html#dep0182-short-gcm-authentication-tags-without-explicit-authtaglength
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, ivLength), { authTagLength: tagLength });
  decipher.setAAD(Buffer.from(additionalData));
  decipher.setAuthTag(sealed.subarray(end));
  const plaintext = decipher.update(sealed.subarray(ivLength, end), undefined, 'utf8');
  try {
    return plaintext + decipher.final('utf8');
  } catch {
    // In this mode, `final` throws only for a wrong tag.
    return undefined;
  }
}
