import type { Clock } from '../core/clock.ts';
import { type Credentials, deriveCredentials } from '../core/credentials.ts';
import { SessionCheckFailed } from '../core/session-lookup.ts';
import type { AwsSettings } from './environment.ts';
import { exchange, HttpFailure } from './http.ts';
import { signPost } from './sigv4.ts';

/** How long a secret is kept: a rotated one is in use everywhere after as long. */
const keepMs = 5 * 60_000;

/**
 * Pusher's three from Secrets Manager, fetched at first need with one signed request
 * (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html), then kept for five minutes.
 * Callers at the same time share one request; a failure is not kept.
 * @throws SessionCheckFailed without any part of the secret
 */
export function createCredentialsSource(secretArn: string, aws: AwsSettings, clock: Clock): () => Promise<Credentials> {
  let kept: { readonly credentials: Promise<Credentials>; readonly until: number } | undefined;

  return () => {
    if (kept !== undefined && clock.now() < kept.until) return kept.credentials;
    const fetched = { credentials: fetchCredentials(secretArn, aws, clock), until: clock.now() + keepMs };
    kept = fetched;
    fetched.credentials.catch(() => {
      if (kept === fetched) kept = undefined;
    });
    return fetched.credentials;
  };
}

async function fetchCredentials(secretArn: string, aws: AwsSettings, clock: Clock): Promise<Credentials> {
  const url = aws.secretsManagerUrl;
  const body = JSON.stringify({ SecretId: secretArn });
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'secretsmanager.GetSecretValue' };
  const signed = signPost(
    { url, headers, body, region: aws.region, service: 'secretsmanager' },
    aws.credentials,
    new Date(clock.now()),
  );
  const answer = await exchange({
    url,
    method: 'POST',
    headers: { ...signed, 'content-length': String(Buffer.byteLength(body)) },
    body,
    timeoutMs: 3000,
    maxBodyBytes: 128 * 1024,
    wantsBody: (status) => status === 200,
  }).catch((error: unknown) => {
    throw error instanceof HttpFailure ? secretFailed(`Secrets Manager could not be asked: ${error.reason}`) : error;
  });
  if (answer.status !== 200) throw secretFailed(`Secrets Manager answered ${answer.status} for the gateway's secret`);
  return parseCredentials(answer.body);
}

function parseCredentials(body: string): Credentials {
  try {
    const { appId, key, secret } = JSON.parse(JSON.parse(body).SecretString);
    if ([appId, key, secret].every((part) => typeof part === 'string' && part !== ''))
      return deriveCredentials({ appId, key, secret });
  } catch {
    // Falls through: a parser's message would quote the secret.
  }
  throw secretFailed("the gateway's secret is not a JSON object with the strings appId, key and secret");
}

function secretFailed(reason: string): SessionCheckFailed {
  return new SessionCheckFailed('unavailable', reason);
}
