import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { AuthorizerEnvironment } from '../functions/edge/environment-variables.ts';
import { bundleOptions } from '../lib/bundle.ts';
import { origin } from '../test/fakes/events.ts';
import type { Bench } from './bench.ts';

/** Builds the authorizer as a deployment does, into a folder that is removed with the benchmark. */
export async function buildAuthorizer(bench: Bench): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'session-socket-bench-'));
  bench.defer(() => rm(folder, { recursive: true, force: true }));
  const outfile = join(folder, 'index.js');
  await build({ ...bundleOptions('authorizer'), outfile });
  return outfile;
}

/** The variables that Lambda and the construct set, with endpoints on this machine. */
export function authorizerEnvironment(sessionEndpoint: string, secretsManager: string) {
  const own: AuthorizerEnvironment = {
    SESSION_ENDPOINT: sessionEndpoint,
    SESSION_MODE: 'session-id',
    SESSION_TIMEOUT_MS: '2500',
    TOKEN_FROM: 'query',
    SESSION_CHECK: 'always',
    COOKIE_NAME: 'PHPSESSID',
    COOKIES: 'PHPSESSID',
    ALLOWED_ORIGINS: origin,
    ALLOW_MISSING_ORIGIN: 'no',
    APP_ID: 'bench',
    KEY: 'bench',
    CREDENTIALS_SECRET_ARN: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:bench-AbCdEf',
  };
  return {
    ...own,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    AWS_SESSION_TOKEN: 'bench',
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager,
  };
}
