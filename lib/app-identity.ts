import { createHash } from 'node:crypto';
import { Stack, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** Pusher's `app_id` and `key` of an application: both are public, and neither changes while the app is in use. */
export interface AppIdentity {
  /** One segment of the HTTP API's paths. */
  readonly appId: string;
  /** The `kid` of tickets and of signed requests. */
  readonly key: string;
}

interface IdentityProps {
  readonly appId?: string | undefined;
  readonly key?: string | undefined;
}

/** In characters. The limit of `key` is that of a ticket's `kid` (functions/core/handshake/ticket.ts). */
const longest = { appId: 64, key: 32 } as const;

/** @returns one plain sentence about the invalid one, or undefined when both are valid */
export function findIdentityFault(props: IdentityProps): string | undefined {
  for (const name of ['appId', 'key'] as const) {
    const value = props[name];
    if (value === undefined) continue;
    if (Token.isUnresolved(value))
      return `${name} must be known at synth, because other names contain it; use plain text.`;
    // Plain JavaScript may pass digits as a number.
    if (typeof value !== 'string') return `${name} must be a string; write it in quotes.`;
    if (!/^[A-Za-z0-9_-]+$/.test(value) || value.length > longest[name]) {
      return `${name} "${value}" cannot be part of a URL; use 1 to ${longest[name]} letters, digits, - and _.`;
    }
  }
  return undefined;
}

/** Derives both from the construct's path, so they stay the same while the path does. */
export function identify(construct: Construct, { appId, key }: IdentityProps): AppIdentity {
  const digest = createHash('sha256').update(placeOf(construct).join('/')).digest();
  // Twelve digits, the first not 0: pusher-http-python rejects anything but digits, and `Pusher.forURL` of npm pusher
  // reads the id as a JavaScript number.
  const number = 10n ** 11n + (digest.readBigUInt64BE() % (9n * 10n ** 11n));
  return { appId: appId ?? String(number), key: key ?? digest.toString('hex', 8, 18) };
}

/** The name in the console: `Shop-SessionSocket`. API Gateway allows 128 characters. */
export function nameOf(construct: Construct): string {
  return placeOf(construct).join('-').slice(0, 128);
}

/**
 * The name of the stack, then the ids below it. A nested stack uses the name of the outermost one, because only
 * CloudFormation knows its own. The ids above the stack are left out, so you can move a stack within the CDK app.
 */
function placeOf(construct: Construct): readonly string[] {
  let stack = Stack.of(construct);
  while (stack.nestedStackParent !== undefined) stack = stack.nestedStackParent;
  const { scopes } = construct.node;
  const below = scopes.slice(scopes.indexOf(stack) + 1);
  return [stack.stackName, ...below.map(({ node }) => node.id)];
}
