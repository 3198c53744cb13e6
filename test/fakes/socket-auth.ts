import { createHmac } from 'node:crypto';
import { socketIdOf } from '../../functions/core/connections/connection.ts';

interface Signer {
  readonly key: string;
  readonly secret: string;
}

/**
 * A second, short implementation of an authorization endpoint's signature: `KEY:hex` for these parts, joined by colons.
 */
export function signForSocket({ key, secret }: Signer, ...parts: readonly string[]): string {
  return `${key}:${createHmac('sha256', secret).update(parts.join(':')).digest('hex')}`;
}

export function authFor(signer: Signer, connectionId: string, ...parts: readonly string[]): string {
  return signForSocket(signer, socketIdOf(connectionId), ...parts);
}
