import type { TokenSource } from '../core/handshake/way-in.ts';
import { tokenParameter } from './gateway.ts';

/** The authorizer's only identity source: who brings none of it is answered 401 by API Gateway and costs no Lambda. */
export const identitySources = {
  query: `route.request.querystring.${tokenParameter}`,
  subprotocol: 'route.request.header.Sec-WebSocket-Protocol',
  cookie: 'route.request.header.Cookie',
} as const satisfies Record<TokenSource, string>;
