import { createAuthorizer } from '../authorizer.ts';
import { systemClock } from '../edge/clock.ts';
import { createCredentialsSource } from '../edge/credentials-source.ts';
import { readAuthorizerSettings, readAwsSettings, readCredentialsSettings } from '../edge/environment.ts';
import { createSessionLookup } from '../edge/php.ts';
import { createLog } from '../edge/telemetry.ts';

export function wire() {
  const settings = readAuthorizerSettings();
  const credentials = createCredentialsSource(readCredentialsSettings(), readAwsSettings(), systemClock);
  const log = createLog();
  const sessions = createSessionLookup(settings, credentials, systemClock, log);
  return createAuthorizer({
    origins: settings,
    options: settings,
    asksAgain: settings.revalidateSeconds !== undefined,
    sessions,
    credentials,
    clock: systemClock,
    log,
  });
}
