import type { Check } from './check.ts';
import { contentType, keepAlive, responseTime, size } from './checks/answer.ts';
import { cookieAttributes } from './checks/cookie.ts';
import { sentCookies } from './checks/cookies.ts';
import { clock, mode, signature } from './checks/gateway.ts';
import { inFront, ownNo } from './checks/in-front.ts';
import { cache, cors, otherSites } from './checks/other-sites.ts';
import { encrypted, reachable, redirect, stranger } from './checks/reach.ts';
import { lock, session, untouched } from './checks/session.ts';
import { inventedId, strangersSession } from './checks/strangers.ts';
import { expiry, phpIni, rotation } from './checks/unseen.ts';

/** In the order in which they are printed. */
export const checks: readonly Check[] = [
  reachable,
  encrypted,
  inFront,
  redirect,
  stranger,
  contentType,
  size,
  responseTime,
  keepAlive,
  inventedId,
  strangersSession,
  cache,
  cors,
  otherSites,
  cookieAttributes,
  clock,
  signature,
  ownNo,
  mode,
  session,
  sentCookies,
  untouched,
  lock,
  phpIni,
  expiry,
  rotation,
];
