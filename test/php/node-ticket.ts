import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';

/** The ticket's format in Node, independently, to compare PHP's with. */
interface TicketKeys {
  readonly appId: string;
  readonly key: string;
  readonly secret: string;
}

const keyOf = (secret: string) => Buffer.from(hkdfSync('sha256', secret, '', 'session-socket/ticket', 32));

/** @returns the content of a ticket. @throws if the ticket is for another app or key, or was changed */
export function openPhpTicket(ticket: string, { appId, key, secret }: TicketKeys): Record<string, unknown> {
  const [, text = ''] = new RegExp(`^t1\\.${key}\\.([A-Za-z0-9_-]+)$`).exec(ticket) ?? [];
  const sealed = Buffer.from(text, 'base64url');
  if (sealed.toString('base64url') !== text) throw new Error('not canonical');
  const decipher = createDecipheriv('aes-256-gcm', keyOf(secret), sealed.subarray(0, 12), { authTagLength: 16 });
  decipher.setAAD(Buffer.from(`t1.${key}|${appId}`)).setAuthTag(sealed.subarray(-16));
  return JSON.parse(Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]).toString());
}

export function sealNodeTicket(plaintext: string, { appId, key, secret }: TicketKeys, iv: Buffer): string {
  const cipher = createCipheriv('aes-256-gcm', keyOf(secret), iv, { authTagLength: 16 });
  cipher.setAAD(Buffer.from(`t1.${key}|${appId}`));
  const sealed = Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  return `t1.${key}.${sealed.toString('base64url')}`;
}
