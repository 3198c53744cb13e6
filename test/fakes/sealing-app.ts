import type { PusherCredentials } from '../../functions/core/keys/credentials.ts';
import { isSignedWith, sayNo } from './signed-asker.ts';
import { type Contents, contents, sealTicket } from './ticket.ts';
import { answerJson, WebServer } from './web-server.ts';

/** An app that answers `/getSessionID` to browsers and the gateway as PHP does, for one user with one session. */
export interface SealingApp {
  readonly url: string;
  readonly sessionId: string;
  /** As the browser sends it. */
  readonly cookieHeader: string;
  /** Known after the gateway is deployed. */
  credentials: PusherCredentials | undefined;
  isLoggedIn: boolean;
  /** The identity beside the session id. */
  identity: Contents;
  /** Runs before the gateway gets its answer. */
  whileAsked: (() => Promise<void>) | undefined;
  /** The Cookie headers of the gateway's questions. */
  readonly askedWith: readonly string[];
  /** A current ticket with these changes. */
  seal(changes?: Contents, by?: Partial<PusherCredentials>): string;
  close(): Promise<void>;
}

export async function startSealingApp(): Promise<SealingApp> {
  // No other output or row contains these characters by chance.
  const sessionId = 'q7session8id9of0the1user2xyz';
  const askedWith: string[] = [];
  const server = await WebServer.start();
  const app: SealingApp = {
    url: server.url('/').origin,
    sessionId,
    cookieHeader: `theme=dark; PHPSESSID=${sessionId}`,
    credentials: undefined,
    isLoggedIn: true,
    identity: { userId: '42', userInfo: { name: 'Ann' } },
    whileAsked: undefined,
    askedWith,
    seal(changes = {}, by = {}) {
      const { credentials } = app;
      if (credentials === undefined) throw new Error('The gateway is not deployed yet.');
      const now = Math.floor(Date.now() / 1000);
      const c = `PHPSESSID=${sessionId}`;
      return sealTicket({ ...credentials, ...by }, contents(now, { c, s: sessionId, i: app.identity, ...changes }));
    },
    close: () => server.close(),
  };
  server.mood = async (request, response) => {
    const { cookie = '', 'x-session-socket': signature } = request.headers;
    const isHis = app.isLoggedIn && cookie.split('; ').includes(`PHPSESSID=${sessionId}`);
    const answer = (value: unknown, status = 200) => answerJson(value, status)(request, response);
    if (signature === undefined) return isHis ? answer(app.seal()) : answer(null, 403);
    if (app.credentials === undefined || !isSignedWith(app.credentials, request)) return answer(null, 421);
    askedWith.push(cookie);
    await app.whileAsked?.();
    if (isHis) return answer({ sessionId, ...app.identity });
    sayNo(app.credentials)(request, response);
  };
  return app;
}
