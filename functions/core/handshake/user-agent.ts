/** What may go into a header without changing it; a longer or stranger one is not passed on. */
const plainText = /^[\x20-\x7e]{1,1024}$/;

/** What a browser calls itself, as far as PHP is told: some applications bind a session to it. */
export function passableUserAgent(userAgent: string | undefined): string | undefined {
  return userAgent !== undefined && plainText.test(userAgent) ? userAgent : undefined;
}

/** @param agent bytes in base64url, as PHP saw them */
export function decodeUserAgent(agent: string | undefined): string | undefined {
  return agent === undefined ? undefined : passableUserAgent(Buffer.from(agent, 'base64url').toString('latin1'));
}
