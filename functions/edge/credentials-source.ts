import type { Clock } from '../core/clock.ts';
import { SessionCheckFailed } from '../core/handshake/session.ts';
import { fieldsIn, isAbsentOr } from '../core/json.ts';
import { type Credentials, type CredentialsSource, deriveCredentials, type Secrets } from '../core/keys/credentials.ts';
import type { AwsSettings, CredentialsSettings } from './environment.ts';
import { exchange, HttpFailure } from './http.ts';
import { signPost } from './sigv4.ts';

/** How long a secret is cached. After this time every function uses a rotated secret. */
const keepMs = 5 * 60_000;

/**
 * Pusher's app id, key and secret. The secret comes from Secrets Manager with one signed request
 * (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html). It is cached for five
 * minutes, or for `maxAgeMs` of the caller. Concurrent callers share one request. A failure is not cached. While an
 * older secret is still cached, callers get that instead of the failure.
 * @throws SessionCheckFailed without any part of the secret
 */
export function createCredentialsSource(
  { appId, key, secretArn }: CredentialsSettings,
  aws: AwsSettings,
  clock: Clock,
): CredentialsSource {
  let kept: { readonly credentials: Promise<Credentials>; readonly until: number } | undefined;
  // A failure counts too: during an outage, bad tickets must not cause a request in every handshake.
  let askedAt = 0;

  return (maxAgeMs = keepMs) => {
    const now = clock.now();
    const older = kept !== undefined && now < kept.until ? kept : undefined;
    if (older !== undefined && now - askedAt < maxAgeMs) return older.credentials;
    askedAt = now;
    const credentials = fetchSecrets(secretArn, aws, now)
      .then((secrets) => deriveCredentials({ appId, key, ...secrets }))
      .catch((error: unknown) => {
        if (kept === fetched) kept = older;
        if (older === undefined) throw error;
        return older.credentials;
      });
    const fetched = { credentials, until: now + keepMs };
    kept = fetched;
    return credentials;
  };
}

async function fetchSecrets(secretArn: string, aws: AwsSettings, now: number): Promise<Secrets> {
  const { region, credentials, secretsManagerUrl: url } = aws;
  const body = JSON.stringify({ SecretId: secretArn });
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'secretsmanager.GetSecretValue' };
  const scope = { host: url.host, region, service: 'secretsmanager', credentials };
  const answer = await exchange({
    url,
    method: 'POST',
    headers: { ...headers, ...signPost(scope, url.pathname, headers, body, now) },
    body,
    timeoutMs: 3000,
    maxBodyBytes: 128 * 1024,
    wantsBody: (status) => status === 200,
  }).catch((error: unknown) => {
    throw error instanceof HttpFailure ? secretFailed(`Secrets Manager could not be asked: ${error.reason}`) : error;
  });
  if (answer.status !== 200) throw secretFailed(`Secrets Manager answered ${answer.status} for the gateway's secret`);
  return parseSecrets(answer.body);
}

/** Ignores other fields: before 0.1.0 the secret also held `appId` and `key`, and they may differ from the stack's. */
function parseSecrets(text: string): Secrets {
  const { SecretString: json } = fieldsIn(text) ?? {};
  const { secret, previousSecret, authorization } = fieldsIn(String(json)) ?? {};
  const previous = previousSecret ?? undefined;
  if (typeof secret !== 'string' || secret === '' || !isAbsentOr(/./, previous)) {
    throw secretFailed("the gateway's secret is not a JSON object with the string secret");
  }
  const header = authorization ?? undefined;
  if (!isAbsentOr(headerForm, header))
    throw secretFailed(`authorization in the gateway's secret is not like "Basic …"`);
  return { secret, previousSecret: previous, authorization: header };
}

/** A scheme and its credentials (https://www.rfc-editor.org/rfc/rfc9110#section-11.4). */
const headerForm = /^[\w-]+ [!-~][ -~]*$/;

function secretFailed(reason: string): SessionCheckFailed {
  return new SessionCheckFailed('unavailable', reason);
}
