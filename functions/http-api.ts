import { randomBytes } from 'node:crypto';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { Members } from './core/channels/members.ts';
import type { Subscriptions } from './core/channels/subscriptions.ts';
import type { Clock } from './core/clock.ts';
import { userOwner } from './core/connections/connection.ts';
import type { Broadcaster } from './core/delivery/broadcaster.ts';
import { type ApiRequest, badRequest, type RequestFault, readQuery } from './core/http-api/api-request.ts';
import { describeChannel, listChannels, listUsers } from './core/http-api/channel-questions.ts';
import { actOnce, type Idempotency } from './core/http-api/idempotency.ts';
import {
  answerBatch,
  answerEvent,
  type PublishedEvent,
  publishAll,
  readBatch,
  readEvent,
} from './core/http-api/publish.ts';
import { type VerifiedRequest, verifyRequest } from './core/http-api/request-signature.ts';
import type { ApiRoute } from './core/http-api/routes.ts';
import { readRebind, readSessionTermination, readUserTermination } from './core/http-api/session-requests.ts';
import { type CredentialsSource, tryNewerSecret } from './core/keys/credentials.ts';
import { isRefusal } from './core/refusal.ts';
import { createRefusalLog } from './core/refusal-log.ts';
import type { Rebind, RebindSession } from './core/sessions/rebind.ts';
import type { Revocation, Revoke } from './core/sessions/revoke.ts';
import { answerDone, answerFault, readRequest } from './edge/http-event.ts';
import type { Log } from './edge/telemetry.ts';

interface HttpApiParts {
  readonly credentials: CredentialsSource;
  readonly broadcast: Broadcaster;
  readonly idempotency: Idempotency;
  readonly subscriptions: Subscriptions;
  readonly members: Members;
  readonly revoke: Revoke;
  readonly rebindSession: RebindSession;
  readonly clock: Clock;
  readonly log: Log;
}

/** JSON for PHP, or the fault. */
type Answer = string | RequestFault;

/**
 * Milliseconds in which closing sockets must begin. The last close may take 12 s more; Lambda allows 28 s, API Gateway
 * 30.
 */
const closingMs = 15_000;

/**
 * The HTTP API for PHP. Requests signed with the app's secret may publish, query channels, and close its users'
 * sockets.
 */
export function createHttpApi(parts: HttpApiParts) {
  const { credentials, broadcast, idempotency, subscriptions, members, revoke, rebindSession, clock, log } = parts;
  const refusals = createRefusalLog(clock);

  /** By route; `name` is the channel, user or session in its path. */
  const handlers: Readonly<Record<ApiRoute, (request: ApiRequest, name: string) => Promise<Answer>>> = {
    events: publishEvent,
    batch_events: publishBatch,
    channels: ({ query }) => listChannels(readQuery(query), subscriptions, members),
    channel: ({ query }, name) => describeChannel(name, readQuery(query), subscriptions, members),
    users: (_, name) => listUsers(name, members),
    terminate_user: ({ body }, name) => terminate(readUserTermination(name, body)),
    terminate_session: ({ body }, name) => terminate(readSessionTermination(name, body)),
    rebind_session: ({ body }, name) => rebind(readRebind(name, body)),
  };

  return async (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> => {
    for (const suppressed of refusals.flush()) log('info', 'refusals suppressed', suppressed, {});
    const verified = await verify(readRequest(event));
    if ('status' in verified) return refuseUnsigned(verified);
    const { request, target } = verified;
    const answer = await handlers[target.route](request, target.name);
    return typeof answer === 'string' ? answerDone(answer) : refuseRequest(answer);
  };

  async function verify(request: ApiRequest): Promise<VerifiedRequest | RequestFault> {
    return tryNewerSecret(
      credentials,
      (held) => verifyRequest(request, held, Math.floor(clock.now() / 1000)),
      (outcome) => 'status' in outcome && outcome.mayBeNewer === true,
    );
  }

  /**
   * Bad signatures are always logged. Without a valid signature the sentences are a fixed set, so strangers cannot add
   * any.
   */
  function refuseUnsigned(fault: RequestFault): APIGatewayProxyStructuredResultV2 {
    if (fault.isBadSignature === true || refusals.isWritten(fault.sentence)) return refuseRequest(fault);
    log('info', undefined, { status: fault.status }, { RequestRefused: 1 });
    return answerFault(fault);
  }

  function refuseRequest(fault: RequestFault): APIGatewayProxyStructuredResultV2 {
    const { status, sentence } = fault;
    log('info', 'request refused', { status, sentence }, { RequestRefused: 1 });
    return answerFault(fault);
  }

  async function publishEvent(request: ApiRequest): Promise<Answer> {
    const event = readEvent(request.body);
    if ('status' in event) return event;
    return publish(request, [event], () => answerEvent(event, subscriptions, members));
  }

  async function publishBatch(request: ApiRequest): Promise<Answer> {
    const events = readBatch(request.body);
    if ('status' in events) return events;
    return publish(request, events, () => answerBatch(events, subscriptions, members));
  }

  /** @throws when every post was lost, so that PHP retries */
  async function publish(
    request: ApiRequest,
    events: readonly PublishedEvent[],
    answer: () => Promise<string>,
  ): Promise<Answer> {
    return actOnce(request, idempotency, newSeed, async (seed) => {
      const { delivered, gone, lost, retried, broadcasts, handedOn } = await publishAll(events, broadcast, seed);
      const fields = { events: events.length, handedOn };
      const counts = { Published: broadcasts, Delivered: delivered, Gone: gone, Retried: retried, Lost: lost };
      log(lost > 0 ? 'error' : 'info', 'published', fields, counts);
      if (lost > 0 && delivered === 0) throw new Error(`None of ${lost} posts was accepted.`);
      return answer();
    });
  }

  async function terminate(revocations: readonly Revocation[] | RequestFault): Promise<Answer> {
    if ('status' in revocations) return revocations;
    const deadline = clock.now() + closingMs;
    for (const revocation of revocations) await close(revocation, deadline);
    return '{}';
  }

  /** @throws when sockets are still open, so that it counts as a fault and PHP retries */
  async function close(revocation: Revocation, deadline: number): Promise<void> {
    const { found, closed, gone, failed, took } = await revoke(revocation, deadline);
    const principalId = revocation.userId && userOwner(revocation.userId);
    const scope = revocation.sessionHash === undefined ? 'user' : 'session';
    const fields = { principalId, of: scope, found, gone, ...inMilliseconds(took) };
    log(failed > 0 ? 'error' : 'info', 'revoked', fields, { Revoked: closed, RevokeFailed: failed });
    if (failed > 0) throw new Error(`${failed} of ${found} sockets could not be closed.`);
  }

  /** @throws when sockets still have the old id, so that it counts as a fault */
  async function rebind(rebinding: Rebind | RequestFault): Promise<Answer> {
    if ('status' in rebinding) return rebinding;
    const report = await rebindSession(rebinding, clock.now() + closingMs);
    if (isRefusal(report)) return badRequest(report.sentence);
    const { rebound, failed, ended } = report;
    const principalId = rebinding.userId && userOwner(rebinding.userId);
    const counts = { Rebound: rebound, RebindFailed: failed, Ended: ended.closed, EndFailed: ended.failed };
    const isComplete = failed + ended.failed === 0;
    log(isComplete ? 'info' : 'error', 'rebound', { principalId, gone: ended.gone }, counts);
    if (!isComplete) throw new Error(`${failed + ended.failed} sockets still have the old session id.`);
    return '{}';
  }
}

/** The ids of a request's events are derived from it. */
function newSeed(): string {
  return randomBytes(16).toString('hex');
}

/** `closeMs: 12` for the step `close`. */
function inMilliseconds(took: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(took).map(([step, ms]) => [`${step}Ms`, ms]));
}
