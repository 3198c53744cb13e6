import { randomBytes } from 'node:crypto';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { userOwner } from './core/connections/connection.ts';
import type { Publish } from './core/delivery/broadcast.ts';
import { type ApiRequest, badRequest, type RequestFault } from './core/http-api/api-request.ts';
import type { ChannelWorld } from './core/http-api/channel-attributes.ts';
import { describeChannel, listChannels, listUsers } from './core/http-api/channel-questions.ts';
import { actOnce, type Idempotency, readAttempt } from './core/http-api/idempotency.ts';
import { answerBatch, answerEvent, publishAll } from './core/http-api/publish.ts';
import { type PublishedEvent, readBatch, readEvent } from './core/http-api/publish-request.ts';
import { readRebind } from './core/http-api/rebind-request.ts';
import { readQuery } from './core/http-api/request-signature.ts';
import type { ApiRoute, ApiTarget } from './core/http-api/routes.ts';
import { readTermination } from './core/http-api/terminate-request.ts';
import { type SignedRequest, verifyRequest } from './core/http-api/verify-request.ts';
import type { CredentialsSource } from './core/keys/credentials.ts';
import { tryNewerSecret } from './core/keys/newer-secret.ts';
import { isRefusal } from './core/refusal.ts';
import { createRefusalLog } from './core/refusal-log.ts';
import { type RebindWorld, rebind } from './core/sessions/rebind.ts';
import { type Revocation, revoke } from './core/sessions/revoke.ts';
import { answerDone, answerFault, readRequest } from './edge/http-event.ts';
import type { Tell } from './edge/telemetry.ts';

interface Dependencies extends RebindWorld, ChannelWorld {
  readonly credentials: CredentialsSource;
  readonly publish: Publish;
  readonly idempotency: Idempotency;
  readonly tell: Tell;
}

/** JSON for who asked, or why there is none. */
type Answer = Promise<string | RequestFault>;

/** Milliseconds in which sockets are begun to be closed. The last may take 12 s more, and Lambda gives 28, API Gateway 30. */
const patienceMs = 15_000;

/** The HTTP API for PHP: whoever knows the app's secret may publish, ask who listens, and close its users' sockets. */
export function createHttpApi({ tell, ...world }: Dependencies) {
  const { credentials } = world;
  const acts: Readonly<Record<ApiRoute, (request: ApiRequest, target: ApiTarget) => Answer>> = {
    events: publishEvent,
    batch_events: publishBatch,
    channels: (request) => listChannels(readQuery(request.query), world),
    channel: (request, { name }) => describeChannel(name, readQuery(request.query), world),
    users: (_, { name }) => listUsers(name, world),
    terminate_user: terminate,
    terminate_session: terminate,
    rebind_session: rebindSession,
  };

  const refusals = createRefusalLog(world.clock);

  return async (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> => {
    for (const suppressed of refusals.flush()) tell('info', 'refusals suppressed', suppressed, {});
    const request = readRequest(event);
    const signed = await verify(request);
    if ('status' in signed) return refuseStranger(signed);
    const { target } = signed;
    const answer = await acts[target.route](signed.request, target);
    return typeof answer === 'string' ? answerDone(answer) : refuseRequest(answer);
  };

  async function verify(request: ApiRequest): Promise<SignedRequest | RequestFault> {
    return tryNewerSecret(
      credentials,
      (held) => verifyRequest(request, held, Math.floor(world.clock.now() / 1000)),
      (outcome) => 'status' in outcome && outcome.mayBeNewer === true,
    );
  }

  /** Bad signatures are always logged. Before a good one was seen the sentences are a closed set: no stranger can make more. */
  function refuseStranger(fault: RequestFault): APIGatewayProxyStructuredResultV2 {
    if (fault.isBadSignature === true || refusals.isWritten(fault.sentence)) return refuseRequest(fault);
    tell('info', undefined, { status: fault.status }, { RequestRefused: 1 });
    return answerFault(fault);
  }

  function refuseRequest(fault: RequestFault): APIGatewayProxyStructuredResultV2 {
    const { status, sentence } = fault;
    tell('info', 'request refused', { status, sentence }, { RequestRefused: 1 });
    return answerFault(fault);
  }

  async function publishEvent(request: ApiRequest): Answer {
    const event = readEvent(request.body);
    if ('status' in event) return event;
    return publishOnce(request, [event], () => answerEvent(event, world));
  }

  async function publishBatch(request: ApiRequest): Answer {
    const events = readBatch(request.body);
    if ('status' in events) return events;
    return publishOnce(request, events, () => answerBatch(events, world));
  }

  /** Once for each Idempotency-Key; without one, once for each request. */
  async function publishOnce(
    { path, body, idempotencyKey }: ApiRequest,
    events: readonly PublishedEvent[],
    answer: () => Promise<string>,
  ): Answer {
    const act = async (seed: string) => {
      await publishTo(events, seed);
      return answer();
    };
    if (idempotencyKey === undefined) return act(randomBytes(16).toString('hex'));
    const attempt = readAttempt(idempotencyKey, path, body);
    if ('status' in attempt) return attempt;
    return actOnce(attempt, world.idempotency, () => act(attempt.name));
  }

  /** @throws when nobody was reached of those who should have been, so that PHP asks again */
  async function publishTo(events: readonly PublishedEvent[], seed: string): Promise<void> {
    const { delivered, gone, lost, retried, broadcasts, handedOn } = await publishAll(events, world.publish, seed);
    const fields = { events: events.length, handedOn };
    const counts = { Published: broadcasts, Delivered: delivered, Gone: gone, Retried: retried, Lost: lost };
    tell(lost > 0 ? 'error' : 'info', 'published', fields, counts);
    if (lost > 0 && delivered === 0) throw new Error(`None of ${lost} posts was accepted.`);
  }

  async function terminate(request: ApiRequest, target: ApiTarget): Answer {
    const deadline = world.clock.now() + patienceMs;
    const revocations = readTermination(target, request);
    if ('status' in revocations) return revocations;
    for (const revocation of revocations) await close(revocation, deadline);
    return '{}';
  }

  /** @throws when sockets are left with the old id, so that it is counted as the fault that it is */
  async function rebindSession(request: ApiRequest, target: ApiTarget): Answer {
    const wish = readRebind(target, request);
    if ('status' in wish) return wish;
    const report = await rebind(wish, world, world.clock.now() + patienceMs);
    if (isRefusal(report)) return badRequest(report.sentence);
    const { rebound, failed, ended } = report;
    const principalId = wish.userId && userOwner(wish.userId);
    const counts = { Rebound: rebound, RebindFailed: failed, Ended: ended.closed, EndFailed: ended.failed };
    const isWhole = failed + ended.failed === 0;
    tell(isWhole ? 'info' : 'error', 'rebound', { principalId, gone: ended.gone }, counts);
    if (!isWhole) throw new Error(`${failed + ended.failed} sockets are known by the old session id still.`);
    return '{}';
  }

  /** @throws when sockets are left, so that it is counted as the fault that it is, and PHP asks again */
  async function close(revocation: Revocation, deadline: number): Promise<void> {
    const { found, closed, gone, failed, took } = await revoke(revocation, world, deadline);
    const principalId = revocation.userId && userOwner(revocation.userId);
    const whole = revocation.sessionHash === undefined ? 'user' : 'session';
    const fields = { principalId, of: whole, found, gone, ...inMilliseconds(took) };
    tell(failed > 0 ? 'error' : 'info', 'revoked', fields, { Revoked: closed, RevokeFailed: failed });
    if (failed > 0) throw new Error(`${failed} of ${found} sockets could not be closed.`);
  }
}

/** `closeMs: 12` for the step `close`. */
function inMilliseconds(took: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(took).map(([step, ms]) => [`${step}Ms`, ms]));
}
