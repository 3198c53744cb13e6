import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { CredentialsSource } from './core/credentials.ts';
import { type ApiRequest, checkSignature, type RequestFault } from './core/request-signature.ts';
import { type Revocation, type RevokeWorld, revoke } from './core/revoke.ts';
import { findRequestFault, readTermination } from './core/terminate-request.ts';
import { createChannels } from './edge/channels.ts';
import { systemClock } from './edge/clock.ts';
import { read, readAwsSettings } from './edge/environment.ts';
import { answerDone, answerFault, readRequest } from './edge/http-event.ts';
import { createRevocationRows } from './edge/revocation-rows.ts';
import { createCredentialsSource } from './edge/secret.ts';
import { createSockets } from './edge/sockets.ts';
import { createTell, type Tell } from './edge/telemetry.ts';

interface Dependencies extends RevokeWorld {
  readonly credentials: CredentialsSource;
  readonly tell: Tell;
}

/** How long a revocation tries, in milliseconds: less than the Lambda's time, which is less than API Gateway's. */
const patienceMs = 20_000;
/** A signature that does not fit may be made with a secret newer than ours; but strangers make such ones too. */
const youngEnoughMs = 60_000;

/** The HTTP API for PHP: whoever knows the app's secret may close its users' sockets. */
export function createPublish({ credentials, tell, ...world }: Dependencies) {
  return async (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> => {
    const deadline = world.clock.now() + patienceMs;
    const request = readRequest(event);
    const fault = await findFault(request);
    if (fault !== undefined) return refuseRequest(fault);
    const revocation = readTermination(request);
    if ('status' in revocation) return refuseRequest(revocation);
    await close(revocation, deadline);
    return answerDone();
  };

  async function findFault(request: ApiRequest): Promise<RequestFault | undefined> {
    const kept = await credentials();
    const fault = findRequestFault(request, kept.appId);
    if (fault !== undefined) return fault;
    const now = Math.floor(world.clock.now() / 1000);
    const outcome = checkSignature(request, kept, now);
    if (outcome === 'signed' || outcome.mayBeNewer !== true) return outcome === 'signed' ? undefined : outcome;
    const fresh = await credentials(youngEnoughMs);
    const again = fresh === kept ? outcome : checkSignature(request, fresh, now);
    return again === 'signed' ? undefined : again;
  }

  function refuseRequest(fault: RequestFault): APIGatewayProxyStructuredResultV2 {
    const { status, sentence } = fault;
    tell('info', 'request refused', { status, sentence }, { RequestRefused: 1 });
    return answerFault(fault);
  }

  /** @throws when sockets are left, so that it is counted as the fault that it is, and PHP asks again */
  async function close(revocation: Revocation, deadline: number): Promise<void> {
    const { found, closed, gone, failed, took } = await revoke(revocation, world, deadline);
    const principalId = revocation.userId === undefined ? undefined : `user:${revocation.userId}`;
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

const client = new DynamoDBClient({});

const sender = createSockets(read('CALLBACK_URL'), { maxAttempts: 2, timeoutMs: 3000 });

export const handler = createPublish({
  credentials: createCredentialsSource(read('CREDENTIALS_SECRET_ARN'), readAwsSettings(), systemClock),
  ...createChannels(client, sender, systemClock),
  revocations: createRevocationRows(read('REVOCATIONS_TABLE'), client, systemClock),
  sender,
  clock: systemClock,
  tell: createTell(),
});
