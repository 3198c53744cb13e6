import type { SessionMode } from './session.ts';

/** Where a handshake carries its token: `?token=`, the second sub-protocol, or its own cookies. */
export const tokenSources = ['query', 'subprotocol', 'cookie'] as const;
export type TokenSource = (typeof tokenSources)[number];

/**
 * `always`: PHP is asked in every handshake. `trust-ticket`: what a ticket says is believed for its 30 s, and nothing is
 * asked.
 */
export const sessionChecks = ['always', 'trust-ticket'] as const;
export type SessionCheck = (typeof sessionChecks)[number];

/** How somebody gets in; undefined stands for the default. One per deployment: a second would be a way around the first. */
export interface WayIn {
  readonly mode?: SessionMode | undefined;
  readonly tokenFrom?: TokenSource | undefined;
  readonly sessionCheck?: SessionCheck | undefined;
  readonly cookieName?: string | undefined;
  readonly cookies?: readonly string[] | undefined;
  readonly allowMissingOrigin?: boolean | undefined;
}

export interface SettledWayIn {
  readonly mode: SessionMode;
  readonly tokenFrom: TokenSource;
  readonly sessionCheck: SessionCheck;
  readonly cookieName: string;
  readonly cookies: readonly string[];
  readonly allowMissingOrigin: boolean;
}

/** With every default in its place. */
export function settleWayIn({ mode = 'ticket', ...wayIn }: WayIn): SettledWayIn {
  return {
    mode,
    tokenFrom: wayIn.tokenFrom ?? (mode === 'cookie' ? 'cookie' : 'query'),
    sessionCheck: wayIn.sessionCheck ?? 'always',
    cookieName: wayIn.cookieName ?? 'PHPSESSID',
    cookies: wayIn.cookies ?? ['PHPSESSID'],
    allowMissingOrigin: wayIn.allowMissingOrigin ?? false,
  };
}
