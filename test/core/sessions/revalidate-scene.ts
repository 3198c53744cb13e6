import { randomBytes } from 'node:crypto';
import { createLeave } from '../../../functions/core/channels/leave.ts';
import { type Question, sealAtRest } from '../../../functions/core/handshake/question.ts';
import { type Session, SessionCheckFailed } from '../../../functions/core/handshake/session.ts';
import { type Credentials, deriveCredentials, hashSessionId } from '../../../functions/core/keys/credentials.ts';
import type { Refusal } from '../../../functions/core/refusal.ts';
import { createAdopt } from '../../../functions/core/sessions/adopt.ts';
import { createCloseConnections } from '../../../functions/core/sessions/close-connections.ts';
import { endsSoonMs } from '../../../functions/core/sessions/live-sessions.ts';
import { createPoll } from '../../../functions/core/sessions/poll.ts';
import { createRecheck } from '../../../functions/core/sessions/recheck.ts';
import { createRevalidateSessions } from '../../../functions/core/sessions/revalidate.ts';
import { ManualClock } from '../../fakes/clock.ts';
import { MemoryGuard } from '../../fakes/guard-memory.ts';
import { MemoryRegistry } from '../../fakes/registry.ts';
import { MemoryRevocations } from '../../fakes/revocations.ts';
import { FakeSockets } from '../../fakes/sockets.ts';
import { MemorySubscriptions } from '../../fakes/subscriptions.ts';

const credentials = deriveCredentials({ appId: 'app', key: 'key', secret: 'open sesame' });
export const interval = 600;
type Answer = Session | Refusal | Error;

interface Visitor {
  readonly user?: string | undefined;
  readonly sessionExpiresAt?: number;
  readonly sealedBy?: Credentials;
  readonly cookieHeader?: string;
  readonly connectedAt?: number;
}

/** By default: open sockets of due sessions, and a PHP that knows all of them. */
export function scene() {
  const clock = new ManualClock();
  const registry = new MemoryRegistry(clock, 7);
  const sender = new FakeSockets(clock);
  const asked: { question: Question; at: number }[] = [];
  const answers = new Map<string, Answer>();
  const php = { takesMs: 0, down: undefined as Answer | undefined, underWay: 0, most: 0 };
  const sessions = {
    async find(question: Question) {
      const { sessionId = '' } = question;
      asked.push({ question, at: clock.now() });
      php.underWay += 1;
      php.most = Math.max(php.most, php.underWay);
      if (php.takesMs > 0) await clock.pause(php.takesMs);
      php.underWay -= 1;
      const answer = php.down ?? answers.get(sessionId) ?? { sessionId, userId: userOf(sessionId) };
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  const guard = new MemoryGuard(clock);
  const leaveChannel = async () => true;
  const leave = createLeave(registry, leaveChannel);
  const closeConnections = createCloseConnections({ registry, sender, leaveChannel, leave, clock });
  const revocations = new MemoryRevocations(clock);
  const subscriptions = new MemorySubscriptions(clock);
  const adopt = createAdopt({ registry, subscriptions, revocations, clock });
  const revalidate = createRevalidateSessions({ live: registry, adopt, closeConnections, clock });
  const recheck = createRecheck({
    live: registry,
    sessions,
    credentials: async () => credentials,
    interval,
    atOnce: 4,
    clock,
  });
  const nowSeconds = () => Math.floor(clock.now() / 1000);

  return {
    clock,
    registry,
    revocations,
    subscriptions,
    sender,
    asked,
    answers,
    php,
    guard,
    nowSeconds,
    /** A session, its sockets and when it is due: by default now. */
    async enter(sessionId: string, sockets: readonly string[], visitor: Visitor = {}, validUntil = nowSeconds()) {
      const { user = userOf(sessionId), sessionExpiresAt, sealedBy = credentials } = visitor;
      const { cookieHeader = `SID=${sessionId}`, connectedAt = clock.now() } = visitor;
      const sessionHash = hashSessionId(credentials, sessionId);
      const question: Question = { cookieHeader, sessionId, userAgent: 'Firefox' };
      const sessionSeal = sealAtRest(question, sessionHash, sealedBy, randomBytes(12));
      for (const id of sockets) {
        sender.open(id);
        const end = sessionExpiresAt === undefined ? {} : { sessionExpiresAt };
        const principalId = user === '' ? `session:${sessionHash}` : `user:${user}`;
        await registry.seat(id, { principalId, sessionHash, sessionSeal, validUntil, connectedAt, ...end });
      }
      return sessionHash;
    },
    run: ({ asks = true, random = Math.random } = {}) =>
      clock.finish(
        revalidate(
          { ask: clock.now() + 30_000, close: clock.now() + 45_000, wait: clock.now() + endsSoonMs },
          asks ? createPoll({ recheck, guard, interval, clock, random }) : undefined,
        ),
      ),
    codesOf: (id: string) => sender.framesHeardBy(id).map((frame) => (frame as { data: { code: number } }).data.code),
    rowOf: (id: string) => registry.rows.find(({ connectionId }) => connectionId === id),
  };
}

export const userOf = (sessionId: string) => `user of ${sessionId}`;
export const down = new SessionCheckFailed('unavailable', 'it answered 503');
